"""Simulates a cell at its planned load, and with more and more of it until a part breaks."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from math import ceil
from typing import Any

from mooring.drill.scale import limits
from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.cell import Cell
from mooring.drill.scale.simulate import DATABASE, POOL, WORKER, Seen, quantile, simulate

FEWEST, SECONDS, WARM_SECONDS = 2000, 50.0, 15.0
"""Requests, and seconds, that are simulated at least; and the time before them that does not count."""

SETTLED_SECONDS = 15.0
"""After further pods serve: what waited until then is still served late."""

MOST_TIMES, STRIDE, STEPS = 8.0, 2.0, 5
"""Growth beyond is not looked at; load grows by strides, and the one in which a part breaks is halved so often."""

TOLERATED = 0.01
"""Share of requests that may be refused, late or answered by the next model before a part counts as broken."""

QUOTA = "model quota"
POOLED = "connections of a worker"
"""Each worker has so few that trips to PostgreSQL wait although PostgreSQL itself has time."""


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


def grow(cell: Cell, given: Assumptions, seed: int) -> Growth:
    """Load that grows so slowly that pods are added in time."""
    return _growth(lambda times: _look(cell.grown(times), times, SECONDS, given, seed))


def surge(cell: Cell, given: Assumptions, seed: int) -> Growth:
    """Load that jumps, and pods that are added after `lag_seconds`."""
    seconds = given.lag_seconds + SETTLED_SECONDS
    return _growth(lambda times: _look(cell.surging(times, given.lag_seconds), times, seconds, given, seed))


def _growth(look: Callable[[float], Look]) -> Growth:
    planned = look(1.0)
    if planned.broken:
        return Growth(planned, 0.0, planned)
    low, high, breaks = 1.0, 1.0, None
    while not breaks and high < MOST_TIMES:
        low, high = high, min(MOST_TIMES, high * STRIDE)
        seen = look(high)
        breaks = seen if seen.broken else None
    if not breaks:
        return Growth(planned, high, None)
    for _ in range(STEPS):
        seen = look((low * high) ** 0.5)
        if seen.broken:
            high, breaks = seen.times, seen
        else:
            low = seen.times
    return Growth(planned, low, breaks)


def _look(cell: Cell, times: float, seconds: float, given: Assumptions, seed: int) -> Look:
    """Simulates it, as often as it takes until there are enough requests."""
    often = ceil(FEWEST / (cell.rate * cell.jump * seconds))
    all_seen = [simulate(cell, seconds, WARM_SECONDS, f"{seed}/{cell.share}/{times}/{n}") for n in range(often)]
    seen = Seen.of(all_seen)
    arrived = max(1, seen.arrived)
    found = Look(
        times,
        seen.arrived,
        seen.refused / arrived,
        seen.degraded / arrived,
        sum(took > given.late_seconds for took in seen.took) / arrived,
        quantile(seen.waits, 0.5),
        quantile(seen.waits, 0.99),
        quantile(seen.took, 0.5),
        quantile(seen.took, 0.99),
        "",
    )
    return replace(found, broken=_broken(found, seen, given))


def _broken(found: Look, seen: Seen, given: Assumptions) -> str:
    """What is worst where more goes wrong than is tolerated: own queues before the quota, since they come first."""
    if found.wait_p99 > given.most_waiting or found.late > TOLERATED:
        return _waited(seen)
    if found.refused > TOLERATED:
        return limits.FLIGHT
    return QUOTA if found.degraded > TOLERATED else ""


def _waited(seen: Seen) -> str:
    """What most of the waiting was for. Connections are short where PostgreSQL is slow: then it is the cause."""
    if seen.by[WORKER] > seen.by[POOL] + seen.by[DATABASE]:
        return limits.WORKERS
    return limits.PROCESSOR if seen.by[DATABASE] * 10 > seen.by[POOL] else POOLED
