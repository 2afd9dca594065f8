"""What supervisors of a state folder count: switches, and processes that ended unwanted with what they lost."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from mooring import metrics as names
from mooring.rollout.state import SLOTS

HELP = {
    names.SWITCHES: "Times that a slot was given the traffic.",
    names.RESTARTS: "Ends of a slot's processes that nobody wanted.",
    names.LOST_REQUESTS: "Requests that were in flight in a slot's processes when these ended.",
}


def _none() -> dict[str, int]:
    return dict.fromkeys(SLOTS, 0)


@dataclass(slots=True)
class Tallies:
    """`since` is when they were 0, Unix time. `restarts` and `lost` are by slot."""

    since: float = field(default_factory=time.time)
    switches: int = 0
    restarts: dict[str, int] = field(default_factory=_none)
    lost: dict[str, int] = field(default_factory=_none)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """Raises KeyError, ValueError or TypeError for what nobody wrote."""
        by_slot = ({slot: int(data[name][slot]) for slot in SLOTS} for name in ("restarts", "lost"))
        return cls(float(data["since"]), int(data["switches"]), *by_slot)

    def figures(self) -> dict[str, Any]:
        """JSON-able, in the shape of a worker's, as of a process without a number that began then."""
        by_slot = {names.RESTARTS: self.restarts, names.LOST_REQUESTS: self.lost}
        labelled = {name: [({"slot": slot}, count) for slot, count in each.items()] for name, each in by_slot.items()}
        counts: dict[str, list[tuple[dict[str, str], int]]] = {names.SWITCHES: [({}, self.switches)], **labelled}
        return {"pid": 0, "began": self.since, "families": [_family(name, each) for name, each in counts.items()]}


def _family(name: str, counts: list[tuple[dict[str, str], int]]) -> dict[str, Any]:
    samples = [[f"{name}_total", labels, count] for labels, count in counts]
    return {"name": name, "what": HELP[name], "type": "counter", "samples": samples}
