"""A part of a plan that is small enough to be simulated: with a share of the load, of pods, of PostgreSQL and of quota.

Shards share nothing, and pods of one shard share PostgreSQL and the quota alone, so a cell behaves as the whole does,
but for chance, which evens out less in a smaller one. So a cell errs to the careful side.
"""

from dataclasses import dataclass, replace
from math import ceil

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.plan import Plan, database_seconds

MOST_PER_SECOND = 100.0
"""Requests a second of the largest cell."""


@dataclass(frozen=True)
class Cell:
    """`rate` is in requests a second, `share` what part of the plan it is (0..1), and all times are mean seconds.

    A run is `model_calls` and `tool_calls` one after the other on average, with a slice of a worker's time and a trip
    to PostgreSQL before the first and after each. `calls_per_second` and `tokens_per_second` are the quota; None is
    without end. `connections` are those of one worker.
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

    @property
    def trips(self) -> float:
        """Slices of a worker's time, and trips to PostgreSQL, of one run."""
        return self.model_calls + self.tool_calls + 1

    def grown(self, times: float, *, pods: bool) -> "Cell":
        """The cell with so many times the load; with as many times the pods, or with those that it has."""
        more = ceil(self.pods * times) if pods else self.pods
        return replace(self, rate=self.rate * times, pods=more)


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
