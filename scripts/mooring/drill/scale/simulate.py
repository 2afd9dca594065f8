"""A cell under load, in virtual time: an open loop of Poisson arrivals, queues, and limits that refuse.

Whoever waits is served in the order of coming. Times of service are exponential, but for those of models, which have
the tail that drills give them. A call beyond the quota is answered by the next model, as the ladder does.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import count
from math import inf

from mooring.drill.scale.cell import Cell
from mooring.drill.world import MEDIAN_SECONDS, SLOW_SHARE, SLOW_TIMES, SPREAD

BURST_SECONDS = 10.0
"""What was not used of a quota for so long is there at once."""

WORKER, POOL, DATABASE = "workers", "connections of workers", "PostgreSQL"
"""What a run waits for."""


@dataclass
class Seen:
    """Of the requests that arrived after the time in which the cell only warmed up; times in seconds.

    `waits` are what each run waited for our own parts, `by` the sums of it by what was waited for, and `degraded`
    counts runs whose first model was beyond its quota.
    """

    arrived: int = 0
    refused: int = 0
    degraded: int = 0
    took: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    by: dict[str, float] = field(default_factory=lambda: dict.fromkeys((WORKER, POOL, DATABASE), 0.0))

    @classmethod
    def of(cls, parts: "Sequence[Seen]") -> "Seen":
        """All of them together."""
        arrived, refused, degraded = (
            sum(getattr(each, name) for each in parts) for name in ("arrived", "refused", "degraded")
        )
        took, waits = ([one for each in parts for one in getattr(each, name)] for name in ("took", "waits"))
        by = {what: sum(each.by[what] for each in parts) for what in (WORKER, POOL, DATABASE)}
        return cls(arrived, refused, degraded, took, waits, by)


def quantile(values: list[float], rate: float) -> float:
    """0 where there are no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(rate * len(ordered)))] if ordered else 0.0


@dataclass(slots=True)
class _Run:
    arrived: float
    counts: bool
    pod: "_Pod"
    worker: "_Worker"
    calls: int
    tools: int
    since: float = 0.0
    waited: float = 0.0
    degraded: bool = False


class _Worker:
    """One process: does one thing at a time, and has its own connections."""

    __slots__ = ("connections", "free_at", "runs", "waiting")

    def __init__(self, connections: int) -> None:
        self.free_at, self.runs, self.connections = 0.0, 0, connections
        self.waiting: deque[_Run] = deque()


class _Pod:
    __slots__ = ("in_flight", "workers")

    def __init__(self, cell: Cell) -> None:
        self.in_flight = 0
        self.workers = [_Worker(cell.connections) for _ in range(cell.pod_workers)]


class _Bucket:
    """So much a second, saved up for `BURST_SECONDS` at most."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        # Empty, so that what is saved up does not hide for a while that the quota is too small.
        self._left, self._at = 0.0, 0.0

    def take(self, now: float, amount: float) -> bool:
        self._left = min(self._rate * BURST_SECONDS, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True


def simulate(cell: Cell, seconds: float, warm_seconds: float, seed: str) -> Seen:
    """What becomes of the requests that arrive in `seconds` after `warm_seconds`; the same for the same seed."""
    return _Simulation(cell, seconds + warm_seconds, warm_seconds, seed).run()


class _Simulation:
    def __init__(self, cell: Cell, end: float, warm: float, seed: str) -> None:
        self._cell, self._end, self._warm = cell, end, warm
        self._more = warm + cell.lag_seconds if cell.added_pods else inf
        self._chance = random.Random(seed)  # noqa: S311 - a die
        self._pods = [_Pod(cell) for _ in range(cell.pods)]
        self._cores = [0.0] * cell.database_servers
        heapify(self._cores)
        self._quota = [
            (_Bucket(rate), amount)
            for rate, amount in ((cell.calls_per_second, 1.0), (cell.tokens_per_second, cell.tokens_per_call))
            if rate is not None
        ]
        self._events: list[tuple[float, int, Callable[[float, _Run], None], _Run]] = []
        self._number, self.seen = count(), Seen()

    def run(self) -> Seen:
        arrival, rate = 0.0, self._cell.rate
        events = self._events
        while events or arrival < self._end:
            while arrival < self._end and (not events or arrival <= events[0][0]):
                if arrival >= self._warm:
                    rate = self._cell.rate * self._cell.jump
                if arrival >= self._more:
                    self._pods += [_Pod(self._cell) for _ in range(self._cell.added_pods)]
                    self._more = inf
                self._arrive(arrival)
                arrival += self._chance.expovariate(rate)
            if events:
                at, _, step, run = heappop(events)
                step(at, run)
        return self.seen

    def _later(self, at: float, step: Callable[[float, _Run], None], run: _Run) -> None:
        heappush(self._events, (at, next(self._number), step, run))

    def _arrive(self, now: float) -> None:
        pod, counts = self._chance.choice(self._pods), now >= self._warm
        self.seen.arrived += counts
        if pod.in_flight >= self._cell.in_flight:
            self.seen.refused += counts
            return
        worker = min(pod.workers, key=lambda each: each.runs)
        pod.in_flight += 1
        worker.runs += 1
        calls, tools = self._whole(self._cell.model_calls), self._whole(self._cell.tool_calls)
        self._slice(now, _Run(now, counts, pod, worker, calls, tools))

    def _whole(self, mean: float) -> int:
        """A whole number with that mean."""
        return int(mean) + (self._chance.random() < mean % 1)

    def _slice(self, now: float, run: _Run) -> None:
        """A part of the worker's time."""
        worker = run.worker
        start = max(now, worker.free_at)
        worker.free_at = start + self._chance.expovariate(self._cell.trips / self._cell.worker_seconds)
        self._waited(run, WORKER, start - now)
        self._later(worker.free_at, self._store, run)

    def _store(self, now: float, run: _Run) -> None:
        """Takes a connection, or waits for one."""
        run.since = now
        if run.worker.connections:
            run.worker.connections -= 1
            self._query(now, run)
        else:
            run.worker.waiting.append(run)

    def _query(self, now: float, run: _Run) -> None:
        self._waited(run, POOL, now - run.since)
        start = max(now, self._cores[0])
        done = start + self._chance.expovariate(self._cell.trips / self._cell.database_seconds)
        heapreplace(self._cores, done)
        self._waited(run, DATABASE, start - now)
        self._later(done + self._cell.flush_seconds, self._stored, run)

    def _stored(self, now: float, run: _Run) -> None:
        """Gives the connection back, and goes on with a call of a model or of a tool, or ends."""
        if run.worker.waiting:
            self._query(now, run.worker.waiting.popleft())
        else:
            run.worker.connections += 1
        if run.calls > run.tools or (run.calls and not run.tools):
            run.calls -= 1
            self._later(now + self._model(now, run), self._slice, run)
        elif run.tools:
            run.tools -= 1
            self._later(now + self._chance.expovariate(1 / self._cell.tool_seconds), self._slice, run)
        else:
            self._end_run(now, run)

    def _model(self, now: float, run: _Run) -> float:
        """Seconds that the answer takes."""
        for bucket, amount in self._quota:
            run.degraded |= not bucket.take(now, amount)
        slow = SLOW_TIMES if self._chance.random() < SLOW_SHARE else 1.0
        return MEDIAN_SECONDS * slow * self._chance.lognormvariate(0.0, SPREAD)

    def _waited(self, run: _Run, what: str, seconds: float) -> None:
        run.waited += seconds
        if run.counts:
            self.seen.by[what] += seconds

    def _end_run(self, now: float, run: _Run) -> None:
        run.pod.in_flight -= 1
        run.worker.runs -= 1
        if run.counts:
            self.seen.degraded += run.degraded
            self.seen.took.append(now - run.arrived)
            self.seen.waits.append(run.waited)
