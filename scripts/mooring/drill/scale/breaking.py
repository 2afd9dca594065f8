"""Simulates a cell at its planned load, and with more and more of it until a part breaks."""

from dataclasses import asdict, dataclass
from typing import Any

from mooring.drill.scale import limits
from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.cell import Cell
from mooring.drill.scale.simulate import DATABASE, POOL, WORKER, Seen, simulate

FEWEST, SECONDS, WARM_SECONDS = 4000, 60.0, 20.0
"""Requests, and seconds, that are simulated at least; and the time before them that does not count."""

MOST_TIMES, STRIDE, STEPS = 8.0, 1.5, 5
"""Growth beyond is not looked at; load grows by strides, and the one in which a part breaks is halved so often."""

TOLERATED = 0.01
"""Share of requests that may be refused, late or answered by the next model before a part counts as broken."""

QUOTA = "model quota"
PARTS = {WORKER: limits.WORKERS, POOL: limits.CONNECTIONS, DATABASE: limits.PROCESSOR}


@dataclass(frozen=True)
class Look:
    """The cell at so many `times` the planned load; shares are 0..1, times seconds. `broken` is a part, or ""."""

    times: float
    requests: int
    refused: float
    degraded: float
    late: float
    wait_p50: float
    wait_p99: float
    took_p50: float
    took_p99: float
    broken: str

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Growth:
    """`holds` is the largest load that was seen to hold, `breaks` the smallest that was seen not to.

    `breaks` is None where none up to MOST_TIMES did.
    """

    planned: Look
    holds: float
    breaks: Look | None

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return {"planned": self.planned.data(), "holds": self.holds, "breaks": self.breaks and self.breaks.data()}


def grow(cell: Cell, given: Assumptions, seed: int, *, pods: bool) -> Growth:
    """With `pods`, those grow with the load; without, they stay as they are until the autoscaler has reacted."""
    planned = look(cell, 1.0, given, seed, pods=pods)
    if planned.broken:
        return Growth(planned, 0.0, planned)
    low, high, breaks = 1.0, 1.0, None
    while not breaks and high < MOST_TIMES:
        low, high = high, min(MOST_TIMES, high * STRIDE)
        seen = look(cell, high, given, seed, pods=pods)
        breaks = seen if seen.broken else None
    if not breaks:
        return Growth(planned, high, None)
    for _ in range(STEPS):
        seen = look(cell, (low * high) ** 0.5, given, seed, pods=pods)
        if seen.broken:
            high, breaks = seen.times, seen
        else:
            low = seen.times
    return Growth(planned, low, breaks)


def look(cell: Cell, times: float, given: Assumptions, seed: int, *, pods: bool) -> Look:
    """Simulates it once."""
    grown = cell.grown(times, pods=pods)
    seconds = max(SECONDS, FEWEST / grown.rate)
    seen = simulate(grown, seconds, WARM_SECONDS, f"{seed}/{cell.share}/{times}")
    arrived = max(1, seen.arrived)
    late = sum(took > given.late_seconds for took in seen.took) / arrived
    found = Look(
        times,
        seen.arrived,
        seen.refused / arrived,
        seen.degraded / arrived,
        late,
        seen.at(seen.waits, 0.5),
        seen.at(seen.waits, 0.99),
        seen.at(seen.took, 0.5),
        seen.at(seen.took, 0.99),
        "",
    )
    return Look(**(asdict(found) | {"broken": _broken(found, seen, given)}))


def _broken(found: Look, seen: Seen, given: Assumptions) -> str:
    """What is worst where more goes wrong than is tolerated: own queues before the quota, since they come first."""
    waits = max(seen.by, key=lambda what: seen.by[what])
    if found.wait_p99 > given.most_waiting or found.late > TOLERATED:
        return PARTS[waits]
    if found.refused > TOLERATED:
        return limits.FLIGHT
    return QUOTA if found.degraded > TOLERATED else ""
