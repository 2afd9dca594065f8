"""What a rate of requests needs: pods, PostgreSQL, quota and money. Arithmetic, nothing is simulated here."""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

from mooring.drill.scale.assumptions import MONTH_HOURS, MONTH_MINUTES, Assumptions, Quota
from mooring.drill.scale.figures import Figures, Run

GB = 1e9
SMALLEST = 2
"""Cores of a database server; the next sizes are twice as large each."""

LONG_DAYS = 60.0
"""Tables whose rows are kept longer are partitioned by month, others by day."""


@dataclass(frozen=True)
class Table:
    """Rows and gigabytes a month, gigabytes once the first are deleted again, and into how many partitions it goes.

    `partition` is "month" or "day", or "" where none are needed yet.
    """

    name: str
    keep_days: float
    rows_a_month: float
    gigabytes_a_month: float
    gigabytes_kept: float
    partition: str
    partitions: int


@dataclass(frozen=True)
class Cost:
    """US dollars a month, if the rate is held all month long."""

    models: float
    pods: float
    database: float
    storage: float

    @property
    def total(self) -> float:
        return self.models + self.pods + self.database + self.storage


@dataclass(frozen=True)
class Plan:
    """For `rate` requests a minute. Pods and processes are of the live slot, but for `warm_pods` of the other one.

    `database_load` is in cores, of all shards together; `database_cores` are those of each shard's primary.
    `replicas` are of each shard: one to fail over to, and one to read from where tables are large.
    """

    rate: float
    run_seconds: float
    in_flight: float
    worker_load: float
    pods: int
    warm_pods: int
    workers: int
    processes: int
    pod_mebibytes: float
    database_load: float
    database_cores: int
    shards: int
    replicas: int
    statements_per_second: float
    connections: int
    pooler: bool
    wal_megabytes: float
    tables: tuple[Table, ...]
    quota: Quota
    cost: Cost

    @property
    def dollars_per_thousand(self) -> float:
        """Of a thousand requests, all in all."""
        return self.cost.total / (self.rate * MONTH_MINUTES) * 1000

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        costs = {"total": self.cost.total, "perThousandRequests": self.dollars_per_thousand}
        return asdict(self) | {"cost": asdict(self.cost) | costs}


def plan(rate: float, figures: Figures, given: Assumptions) -> Plan:
    """`rate` is in requests a minute, above 0."""
    run, process, second = figures.run[given.mode], figures.process, rate / 60
    seconds = run_seconds(figures, given)
    in_flight = second * seconds
    pods = _pods(second, in_flight, figures, given)
    workers, processes = pods * given.pod_workers, (pods + given.warm_pods) * given.pod_workers
    load = second * database_seconds(run) + processes * process.idle_database_share
    shards = ceil(load / (given.database_cores * given.busy))
    cores = _size(load / shards / given.busy, given.database_cores)
    tables = tuple(_tables(rate, run, shards, given))
    replicas = 1 + any(table.partition for table in tables)
    connections = processes * process.connections
    quota = _quota(rate, figures, given)
    gigabytes = sum(table.gigabytes_kept for table in tables)
    prices = given.prices
    cost = Cost(
        models=rate * MONTH_MINUTES * figures.example.dollars,
        pods=processes * MONTH_HOURS * prices.core_hour,
        database=shards * (1 + replicas) * cores * MONTH_HOURS * prices.database_core_hour,
        storage=gigabytes * (1 + replicas) * prices.gigabyte_month,
    )
    return Plan(
        rate=rate,
        run_seconds=seconds,
        in_flight=in_flight,
        worker_load=second * run.worker_seconds + workers * process.idle_worker_share,
        pods=pods,
        warm_pods=given.warm_pods,
        workers=workers,
        processes=processes,
        pod_mebibytes=given.pod_workers * process.resident_mib + in_flight / pods * process.mib_per_request_in_flight,
        database_load=load,
        database_cores=cores,
        shards=shards,
        replicas=replicas,
        statements_per_second=second * run.statements + processes * process.idle_statements_per_second,
        connections=connections,
        pooler=connections > shards * given.database_connections,
        wal_megabytes=second * run.wal_bytes / 1e6,
        tables=tables,
        quota=quota,
        cost=cost,
    )


def run_seconds(figures: Figures, given: Assumptions) -> float:
    """Mean time of a run when nothing waits for our own parts."""
    run, example = figures.run[given.mode], figures.example
    calls = example.model_calls * given.model_seconds + example.tool_calls * given.tool_seconds
    trips = example.model_calls + example.tool_calls + 1
    return calls + run.worker_seconds + run.database_seconds + trips * figures.disk.flush_seconds


def database_seconds(run: Run) -> float:
    """Of PostgreSQL's processors for one run, its deletion some day included."""
    kept = run.kept["parts"].rows * run.forgotten.database_seconds_per_row if run.forgotten else 0.0
    return run.database_seconds + kept


def _pods(second: float, in_flight: float, figures: Figures, given: Assumptions) -> int:
    process, run = figures.process, figures.run[given.mode]
    for_work = second * run.worker_seconds / (given.busy - process.idle_worker_share) / given.pod_workers
    return max(given.fewest_pods, ceil(for_work), ceil(in_flight / given.busy / given.in_flight))


def _size(wanted: float, most: int) -> int:
    size = SMALLEST
    while size < min(wanted, most):
        size *= 2
    return min(size, most)


def _tables(rate: float, run: Run, shards: int, given: Assumptions) -> list[Table]:
    found = []
    for name, kept in run.kept.items():
        if not kept.rows:
            continue
        days = given.run_days if name in ("parts", "runs") else given.conversation_days
        rows, size = rate * MONTH_MINUTES * kept.rows, rate * MONTH_MINUTES * kept.bytes / GB
        large = size * days / 30 / shards > given.table_gigabytes
        unit = 30 if days >= LONG_DAYS else 1
        partition = ("month" if unit == 30 else "day") if large else ""
        partitions = ceil(days / unit) + 1 if large else 0
        found.append(Table(name, days, rows, size, size * days / 30, partition, partitions))
    return found


def _quota(rate: float, figures: Figures, given: Assumptions) -> Quota:
    example, wanted = figures.example, rate * given.quota_headroom
    return Quota(given.quota.requests or wanted * example.model_calls, given.quota.tokens or wanted * example.tokens)
