"""Where each part of a plan ends, when load grows and nothing but pods is added. Arithmetic."""

from dataclasses import asdict, dataclass, replace
from typing import Any

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.plan import Plan, database_seconds, plan


@dataclass(frozen=True)
class Limit:
    """`rate` is in requests a minute; `times` is that of the plan's. `basis` says where the number comes from."""

    part: str
    rate: float
    times: float
    basis: str
    remedy: str

    @property
    def grows(self) -> bool:
        """Whether it is there however many pods are added."""
        return self.part not in (WORKERS, FLIGHT)

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


WORKERS, FLIGHT = "workers, if no pod is added", "requests in flight, if no pod is added"
REQUESTS, TOKENS = "model quota, requests", "model quota, tokens"
PROCESSOR, CONNECTIONS, WAL = "PostgreSQL: processor", "PostgreSQL: connections without a pooler", "PostgreSQL: WAL"
ROW, DELETION = "PostgreSQL: spend of one busy key", "PostgreSQL: deletion of old runs"

REMEDIES = {
    WORKERS: "autoscale pods; keep more headroom where load jumps",
    FLIGHT: "autoscale pods by requests in flight; raise serving.maxInFlight where memory allows",
    REQUESTS: "buy a larger quota; split agents over vendors; fewer steps a run",
    TOKENS: "buy a larger quota; shorter prompts and context; a smaller model for easy questions",
    PROCESSOR: "more cores; then shard by tenant, since nothing is shared between tenants",
    CONNECTIONS: "a pooler in transaction mode; the role then needs the search_path, now set once a connection",
    WAL: "faster disks; then shard by tenant",
    ROW: "several keys for one caller; a longer pause between writes of spend",
    DELETION: "partition by day and drop partitions; the schema has none yet",
}
"""What to do about each."""


def limits(found: Plan, figures: Figures, given: Assumptions) -> list[Limit]:
    """All of them, the nearest first."""
    run, process, example = figures.run[given.mode], figures.process, figures.example
    per_second = run.worker_seconds / (given.busy - process.idle_worker_share)
    """Workers that a request a second needs, once pods are added as planned."""
    cores = found.database_cores * found.shards
    each = database_seconds(run) + per_second * process.idle_database_share
    at = {
        REQUESTS: (found.quota.requests or 0.0) / example.model_calls / 60,
        TOKENS: (found.quota.tokens or 0.0) / example.tokens / 60,
        WORKERS: found.workers * (1 - process.idle_worker_share) / run.worker_seconds,
        FLIGHT: found.pods * given.in_flight / found.run_seconds,
        PROCESSOR: (cores - found.warm_pods * given.pod_workers * process.idle_database_share) / each,
        CONNECTIONS: found.shards * given.database_connections / process.connections / per_second,
        WAL: found.shards * given.wal_megabytes * 1e6 / run.wal_bytes,
        ROW: figures.disk.contended_commits_per_second * given.lock_seconds / per_second,
    }
    if run.forgotten:
        at[DELETION] = found.shards * run.forgotten.rows_per_second / run.kept["parts"].rows
    basis = _basis(found, figures, given)
    made = [Limit(part, rate * 60, rate * 60 / found.rate, basis[part], REMEDIES[part]) for part, rate in at.items()]
    return sorted(made, key=lambda limit: limit.rate)


def one_server(figures: Figures, given: Assumptions) -> dict[str, float]:
    """Where one PostgreSQL server of the largest size ends, in requests a minute by part, the nearest first."""
    largest = replace(plan(1, figures, given), shards=1, database_cores=given.database_cores)
    return {limit.part: limit.rate for limit in limits(largest, figures, given) if limit.part.startswith("PostgreSQL")}


def sharding(figures: Figures, given: Assumptions) -> float:
    """Requests a minute from which on one server is busier than planned, so that tenants need several."""
    return one_server(figures, given)[PROCESSOR] * given.busy


def _basis(found: Plan, figures: Figures, given: Assumptions) -> dict[str, str]:
    run, process = figures.run[given.mode], figures.process
    spent = run.database_seconds * 1e3
    quota, headroom = given.quota, f"assumed: {given.quota_headroom:g} x the mean"
    return {
        REQUESTS: f"{found.quota.requests:,.0f} calls/min ({'given' if quota.requests else headroom})",
        TOKENS: f"{found.quota.tokens:,.0f} tokens/min ({'given' if quota.tokens else headroom})",
        WORKERS: f"{found.workers:,} workers at {run.worker_seconds * 1e3:.1f} ms a run (measured)",
        FLIGHT: f"{given.in_flight} a pod, {found.run_seconds:.1f} s a run (computed)",
        PROCESSOR: f"{found.shards} x {found.database_cores} cores, {spent:.2f} ms a run (measured)",
        CONNECTIONS: f"{given.database_connections} a server (assumed), {process.connections} a worker (measured)",
        WAL: f"{given.wal_megabytes:g} MB/s (assumed), {run.wal_bytes / 1e3:.1f} kB a run (measured)",
        ROW: f"{figures.disk.contended_commits_per_second:,.0f} commits/s on one row (measured)",
        DELETION: f"{run.forgotten.rows_per_second:,.0f} rows/s (measured)" if run.forgotten else "",
    }
