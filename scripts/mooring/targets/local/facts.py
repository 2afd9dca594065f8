"""The state of both slots, out of what a supervisor answers."""

from collections.abc import Mapping
from typing import Any

from mooring.rollout.state import Side
from mooring.rollout.target import Facts, SlotFacts, WorkerFacts


def facts_of(answer: Mapping[str, Any]) -> Facts:
    """What the supervisor's status says of the slots."""
    slots = {}
    for name, slot in answer["slots"].items():
        known = {
            key: slot[key]
            for key in ("digest", "pid", "ready", "accepting", "totals", "in_flight", "restarts", "spare")
        }
        slots[name] = SlotFacts(
            **known,
            reasons=tuple(slot["reasons"]),
            rss=slot["rss"] or 0,
            runtime=slot.get("runtime") or {},
            workers=tuple(WorkerFacts(**worker) for worker in slot["workers"]),
        )
    live = answer["live"]
    return Facts(
        Side(live, answer["slots"][live]["wanted"]) if live else None, slots, answer["token"], answer["machine"]
    )
