"""The tables of the scale report: for the terminal and for the page."""

from collections.abc import Callable, Sequence

from mooring.drill.scale.breaking import Growth
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
        (f"{limit.part}{' *' if limit is one.first else ''}", f"{short(limit.rate)}/min", times(limit.times), limit.basis)
        for limit in one.limits
    ]


SIMULATED = ("requests/min", "run p50, p99", "waiting p99", "breaks at", "part", "before pods are added", "part")
"""Headings of `simulated`."""


def simulated(found: Sequence[Scaled]) -> list[Row]:
    """What the simulation saw of each rate."""
    return [
        (
            f"{one.plan.rate:,.0f}",
            f"{seconds(one.growth.planned.took_p50)}, {seconds(one.growth.planned.took_p99)}",
            seconds(one.growth.planned.wait_p99),
            *_broke(one.growth),
            *_broke(one.surge),
        )
        for one in found
    ]


def _broke(growth: Growth) -> tuple[str, str]:
    if growth.breaks is None:
        return f"holds at {times(growth.holds)}", "-"
    return times(growth.breaks.times), growth.breaks.broken


def failed(growth: Growth) -> str:
    """What went wrong where it broke."""
    if growth.breaks is None:
        return "nothing"
    look = growth.breaks
    parts = [
        (look.refused, "refused"),
        (look.degraded, "answered by the next model"),
        (look.late, "late"),
    ]
    told = [f"{percent(share)} {what}" for share, what in parts if share > 0]
    return ", ".join([*told, f"waiting p99 {seconds(look.wait_p99)}"])


def _partitions(tables: Sequence[Table]) -> str:
    told = [f"{table.name} by {table.partition} ({table.partitions})" for table in tables if table.partition]
    return ", ".join(told) or "none"
