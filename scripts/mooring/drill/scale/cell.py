"""A part of a plan that is small enough to be simulated: with a share of the load, of pods, of PostgreSQL and of quota.

Shards share nothing, and pods of one shard share PostgreSQL and the quota alone, so a cell behaves as the whole does,
but for chance, which evens out less in a smaller one. So a cell errs to the careful side.
"""

from dataclasses import dataclass, replace
from math import ceil

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.plan import Plan, database_seconds

MOST_PER_SECOND = 40.0
"""Requests a second of the largest cell."""


@dataclass(frozen=True)
class Cell:
    """`rate` is in requests a second, `share` what part of the plan it is (0..1), and all times are mean seconds.

    A run is `model_calls` and `tool_calls` one after the other on average, with a slice of a worker's time and a trip
    to PostgreSQL before the first and after each. `calls_per_second` and `tokens_per_second` are the quota; None is
    without end. `connections` are those of one worker. After a simulation has warmed up, the load jumps to `jump`
    times the rate, and `lag_seconds` later `added_pods` serve too.
    """

    rate: float
    share: float
    pods: int
    pod_workers: int
    in_flight: int
    worker_seconds: float
    model_calls: float
    tool_calls: float
    tool_seconds: float
    database_servers: int
    database_seconds: float
    flush_seconds: float
    connections: int
    calls_per_second: float | None = None
    tokens_per_second: float | None = None
    tokens_per_call: float = 0.0
    jump: float = 1.0
    added_pods: int = 0
    lag_seconds: float = 0.0

    @property
    def trips(self) -> float:
        """Slices of a worker's time, and trips to PostgreSQL, of one run."""
        return self.model_calls + self.tool_calls + 1

    @property
    def unlimited(self) -> "Cell":
        """The cell with as much quota as it wants."""
        return replace(self, calls_per_second=None, tokens_per_second=None)

    def grown(self, times: float) -> "Cell":
        """The cell with so many times the load, and as many times the pods."""
        return replace(self, rate=self.rate * times, pods=ceil(self.pods * times))

    def surging(self, times: float, lag_seconds: float) -> "Cell":
        """The cell in which load jumps, and pods come after it."""
        return replace(self, jump=times, added_pods=ceil(self.pods * (times - 1)), lag_seconds=lag_seconds)


def cell(plan: Plan, figures: Figures, given: Assumptions) -> Cell:
    """The largest that is simulated in seconds."""
    run, process, example = figures.run[given.mode], figures.process, figures.example
    second = plan.rate / 60
    pods = max(1, min(plan.pods, int(plan.pods * MOST_PER_SECOND / second)))
    share = pods / plan.pods
    cores = plan.shards * plan.database_cores * share
    servers = max(1, round(cores))
    # What idle workers use is gone, and a fraction of a core is made of a whole one that is slower.
    left = cores - plan.processes * process.idle_database_share * share
    return Cell(
        rate=second * share,
        share=share,
        pods=pods,
        pod_workers=given.pod_workers,
        in_flight=given.in_flight,
        worker_seconds=run.worker_seconds / (1 - process.idle_worker_share),
        model_calls=example.model_calls,
        tool_calls=example.tool_calls,
        tool_seconds=given.tool_seconds,
        database_servers=servers,
        database_seconds=database_seconds(run) * servers / left,
        flush_seconds=figures.disk.flush_seconds,
        connections=process.connections,
        calls_per_second=(plan.quota.requests or 0.0) / 60 * share,
        tokens_per_second=(plan.quota.tokens or 0.0) / 60 * share,
        tokens_per_call=example.tokens / example.model_calls,
    )
