"""How each agent of an environment is: in which slot, how healthy, on which rungs lately, its last error."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from mooring.rollout.target import Facts, SlotFacts

HEALTHY, DEGRADED, DOWN, UNKNOWN = "healthy", "degraded", "down", "unknown"

GOOD = ("L0", "L1", "L2")
"""Rungs whose answers are as promised."""


@dataclass(frozen=True, slots=True)
class AgentSeen:
    """One agent of the live slot. `reasons` are (code, what) pairs that say why it is not healthy. None is unknown.

    `lately` counts its last runs by rung; `error` has `problem`, `at` in Unix time and `run`.
    """

    name: str
    slot: str
    health: str
    reasons: tuple[tuple[str, str], ...] = ()
    lately: Mapping[str, int] = field(default_factory=dict)
    in_flight: int | None = None
    error: Mapping[str, Any] | None = None

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def agents(facts: Facts) -> list[AgentSeen]:
    """Those of the live slot, by name; none where nothing is live, or where it has not said anything yet."""
    if facts.live is None:
        return []
    name, slot = facts.live.slot, facts.slots[facts.live.slot]
    return [_seen(agent, name, slot, data) for agent, data in sorted(slot.runtime.get("agents", {}).items())]


def _seen(agent: str, name: str, slot: SlotFacts, data: Mapping[str, Any]) -> AgentSeen:
    lately, reasons = data.get("lately", {}), tuple(_reasons(agent, slot, data))
    stopped = [rung for rung, at in data["rungs"].items() if at["breaker"] == "open"]
    # While one of several workers starts again, the others serve.
    serves = slot.ready or any(worker.ready for worker in slot.workers)
    down = not serves or len(stopped) == len(data["rungs"])
    health = DOWN if down else DEGRADED if reasons else HEALTHY
    return AgentSeen(agent, name, health, reasons, lately, data.get("in_flight"), data.get("last_error"))


def _reasons(agent: str, slot: SlotFacts, data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not slot.ready:
        yield "not-ready", "; ".join(slot.reasons)
    for rung, at in data["rungs"].items():
        if at["breaker"] == "open":
            yield "breaker", f"{rung} {at['model']}"
    canary = slot.runtime.get("canaries", {}).get(agent)
    if canary and not canary["ok"]:
        yield "canary", str(canary["detail"])
    if poor := sum(count for rung, count in data.get("lately", {}).items() if rung not in GOOD):
        yield "poor", str(poor)
