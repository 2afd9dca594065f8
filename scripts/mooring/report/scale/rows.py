"""The tables of the scale report: for the terminal and for the page."""

from collections.abc import Callable, Sequence

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.breaking import Growth
from mooring.drill.scale.figures import Figures, Run
from mooring.drill.scale.plan import Plan, Table
from mooring.drill.scale.scaled import Scaled
from mooring.report.scale.units import dollars, gigabytes, percent, seconds, short, times

Row = tuple[str, ...]

LIMITS = ("part", "ends at", "times", "from")
"""Headings of `limits`."""

_NEEDS: Sequence[tuple[str, Callable[[Plan], str]]] = (
    ("requests in flight", lambda plan: short(plan.in_flight)),
    ("worker cores in use", lambda plan: short(plan.worker_load)),
    ("pods, and warm ones", lambda plan: f"{plan.pods:,} + {plan.warm_pods}"),
    ("worker processes", lambda plan: f"{plan.processes:,}"),
    ("memory of a pod", lambda plan: f"{short(plan.pod_mebibytes)} MiB"),
    ("PostgreSQL cores in use", lambda plan: short(plan.database_load)),
    ("PostgreSQL: shards x cores", lambda plan: f"{plan.shards} x {plan.database_cores}"),
    ("replicas of each shard", lambda plan: str(plan.replicas)),
    ("statements a second", lambda plan: short(plan.statements_per_second)),
    ("connections", lambda plan: f"{plan.connections:,}"),
    ("a pooler is needed", lambda plan: "yes" if plan.pooler else "no"),
    ("WAL a second", lambda plan: f"{short(plan.wal_megabytes)} MB"),
    ("rows a month", lambda plan: short(sum(table.rows_a_month for table in plan.tables))),
    ("written to tables a month", lambda plan: gigabytes(sum(table.gigabytes_a_month for table in plan.tables))),
    ("kept in tables", lambda plan: gigabytes(sum(table.gigabytes_kept for table in plan.tables))),
    ("partitions", lambda plan: _partitions(plan.tables)),
    ("quota, calls a minute", lambda plan: short(plan.quota.requests or 0)),
    ("quota, tokens a minute", lambda plan: short(plan.quota.tokens or 0)),
    ("models a month", lambda plan: dollars(plan.cost.models)),
    ("pods a month", lambda plan: dollars(plan.cost.pods)),
    ("PostgreSQL a month", lambda plan: dollars(plan.cost.database + plan.cost.storage)),
    ("of 1,000 requests, all in all", lambda plan: dollars(plan.dollars_per_thousand)),
)


def needs(found: Sequence[Scaled]) -> list[Row]:
    """A column for each rate."""
    return [(name, *(told(one.plan) for one in found)) for name, told in _NEEDS]


def limits(one: Scaled) -> list[Row]:
    """The nearest first; with `*` where more pods would not help."""
    return [
        (f"{end.part}{' *' if end is one.first else ''}", f"{short(end.rate)}/min", times(end.times), end.basis)
        for end in one.limits
    ]


def remedies(one: Scaled) -> list[Row]:
    """The same, with what to do about each part."""
    return [(*row, limit.remedy) for row, limit in zip(limits(one), one.limits, strict=True)]


SIMULATED = (
    "requests/min",
    "run p50, p99",
    "waiting p99",
    "with that quota",
    "with any quota",
    "before pods are added",
)
"""Headings of `simulated`."""


def simulated(found: Sequence[Scaled]) -> list[Row]:
    """What the simulation saw of each rate."""
    return [
        (
            f"{one.plan.rate:,.0f}",
            f"{seconds(one.growth.planned.took_p50)}, {seconds(one.growth.planned.took_p99)}",
            seconds(one.growth.planned.wait_p99),
            *map(_broke, (one.growth, one.beyond, one.surge)),
        )
        for one in found
    ]


def cells(found: Sequence[Scaled]) -> str:
    """How much of each plan was simulated."""
    parts = [f"{percent(one.cell.share)} of that of {one.plan.rate:,.0f}" for one in found if one.cell.share < 1]
    return "It simulates " + (f"a cell with a part of the plan: {', '.join(parts)}" if parts else "whole plans")


def run(figures: Figures) -> list[Row]:
    """What one run costs, with checkpoints and without."""
    found: list[tuple[str, Callable[[Run], str]]] = [
        ("processor time of the worker", lambda run: f"{run.worker_seconds * 1e3:.1f} ms"),
        ("processor time of PostgreSQL", lambda run: f"{run.database_seconds * 1e3:.2f} ms"),
        ("statements", lambda run: f"{run.statements:.1f}"),
        ("commits", lambda run: f"{run.commits:.2f}"),
        ("rows written", lambda run: f"{run.rows_written:.1f}"),
        ("write-ahead log", lambda run: f"{run.wal_bytes / 1e3:.1f} kB"),
        ("kept in tables, with indexes", lambda run: f"{sum(one.bytes for one in run.kept.values()) / 1e3:.1f} kB"),
    ]
    return [(name, told(figures.run["durable"]), told(figures.run["off"])) for name, told in found]


def models(figures: Figures) -> list[Row]:
    """What a request needs of each model."""
    return [
        (name, f"{one.calls:.2f}", short(one.tokens_in), short(one.tokens_out), f"{one.dollars:.5f}")
        for name, one in figures.example.models.items()
    ]


def process(figures: Figures) -> list[Row]:
    """What a worker is, whatever it serves."""
    one, disk = figures.process, figures.disk
    return [
        ("connections to PostgreSQL", str(one.connections)),
        ("memory", f"{one.resident_mib:.0f} MiB, and {one.mib_per_request_in_flight:.2f} MiB a request in flight"),
        ("statements a second without a request", f"{one.idle_statements_per_second:.0f}"),
        ("processor time without a request", f"{one.idle_worker_share * 100:.1f} % of a core"),
        ("and of PostgreSQL", f"{one.idle_database_share * 100:.1f} % of a core"),
        ("commits of all workers to one row of spend", f"{disk.contended_commits_per_second:,.0f} a second"),
    ]


def assumptions(given: Assumptions) -> list[Row]:
    """What is neither measured nor computed, and the option that replaces it."""
    prices = given.prices
    return [
        ("one call of a model", f"{given.model_seconds:.2f} s, log-normal with a tail, as in drills", "-"),
        ("one call of a tool", f"{given.tool_seconds:g} s", "-"),
        ("workers of a pod, each with a core", str(given.pod_workers), "-"),
        ("requests in flight of a pod at most", str(given.in_flight), "-"),
        ("how busy a core is planned to be", percent(given.busy), "`--busy`"),
        ("until a further pod serves", f"{given.lag_seconds:g} s", "`--autoscaling-seconds`"),
        ("cores of the largest PostgreSQL server", str(given.database_cores), "`--database-cores`"),
        ("connections of one server", str(given.database_connections), "`--database-connections`"),
        ("WAL that a disk takes", f"{given.wal_megabytes:g} MB/s", "-"),
        (
            "quota, where none is given",
            f"{given.quota_headroom:g} times the mean",
            "`--quota-tokens`",
        ),
        ("runs, conversations are kept", f"{given.run_days:g} days, {given.conversation_days:g} days", "-"),
        ("a core of a pod", f"${prices.core_hour:.2f} an hour", "`--core-hour`"),
        ("a core of PostgreSQL", f"${prices.database_core_hour:.2f} an hour", "`--database-core-hour`"),
        ("storage", f"${prices.gigabyte_month:.2f} a GB and month", "-"),
    ]


def _broke(growth: Growth) -> str:
    if growth.breaks is None:
        return f"holds at {times(growth.holds)}"
    return f"{times(growth.breaks.times)}: {growth.breaks.broken}"


def _partitions(tables: Sequence[Table]) -> str:
    told = [f"{table.name} by {table.partition} ({table.partitions})" for table in tables if table.partition]
    return ", ".join(told) or "none"
