"""What tenants spent, by day, key and agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, number, text

SPEND = sa.Table(
    "spend",
    TABLES,
    text("day", primary_key=True),
    text("tenant", primary_key=True),
    text("key", primary_key=True),
    text("agent", primary_key=True),
    number("calls"),
    number("tokens"),
    sa.Column("usd", SECONDS, nullable=False),
)

BATCHES = sa.Table(
    "spend_batches",
    TABLES,
    text("writer", primary_key=True),
    # The last batch that was added, and the day on which it was spent.
    number("number"),
    text("day"),
)

Who = tuple[str, str, str]
"""Tenant, key and agent."""

_OF_DAY = sa.select(SPEND.c.tenant, SPEND.c.key, SPEND.c.agent, SPEND.c.calls, SPEND.c.tokens, SPEND.c.usd).where(
    SPEND.c.day == sa.bindparam("day")
)
_OLD = [sa.delete(table).where(table.c.day < sa.bindparam("before")) for table in (SPEND, BATCHES)]


@dataclass(slots=True)
class Spent:
    """Model calls, tokens of both directions, and US dollars."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def add(self, other: "Spent") -> None:
        self.calls += other.calls
        self.tokens += other.tokens
        self.usd += other.usd


@dataclass(frozen=True, slots=True)
class Batch:
    """What was spent on a day. The numbers of a writer grow, and no other writer has its name."""

    writer: str
    number: int
    day: str
    spent: Mapping[Who, Spent]


def add_once(connection: sa.Connection, batch: Batch) -> None:
    """Adds a batch, however often it is given: the answer to a commit may have been lost."""
    mine = {"writer": batch.writer, "number": batch.number, "day": batch.day}
    kept = {"preserve_rowcount": True}
    if connection.execute(_mark(connection.dialect.name), mine, execution_options=kept).rowcount == 1:
        add(connection, batch.day, batch.spent)


def add(connection: sa.Connection, day: str, fresh: Mapping[Who, Spent]) -> None:
    """Adds to what was spent on a day."""
    rows = [
        {"day": day, "tenant": tenant, "key": key, "agent": agent}
        | {"calls": spent.calls, "tokens": spent.tokens, "usd": spent.usd}
        # In one order, so that two processes do not wait for each other's rows.
        for (tenant, key, agent), spent in sorted(fresh.items(), key=lambda item: item[0])
    ]
    if rows:
        connection.execute(_add(connection.dialect.name), rows)


def of_day(connection: sa.Connection, day: str) -> dict[Who, Spent]:
    """What was spent on a day."""
    rows = connection.execute(_OF_DAY, {"day": day})
    return {(tenant, key, agent): Spent(*numbers) for tenant, key, agent, *numbers in rows}


def since(connection: sa.Connection, day: str, tenant: str | None = None) -> Spent:
    """What was spent from a day on, by one tenant or by all."""
    columns = SPEND.c.calls, SPEND.c.tokens, SPEND.c.usd
    sums = sa.select(*(sa.func.coalesce(sa.func.sum(column), 0) for column in columns)).where(SPEND.c.day >= day)
    if tenant is not None:
        sums = sums.where(SPEND.c.tenant == tenant)
    calls, tokens, usd = connection.execute(sums).one()
    return Spent(int(calls), int(tokens), float(usd))


def forget(connection: sa.Connection, before: str) -> None:
    """Deletes the days before one, written as 2026-01-31."""
    for old in _OLD:
        connection.execute(old, {"before": before})


@cache
def _mark(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, BATCHES)
    new = {"number": made.excluded.number, "day": made.excluded.day}
    return made.on_conflict_do_update(
        index_elements=["writer"], set_=new, where=BATCHES.c.number < made.excluded.number
    )


@cache
def _add(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, SPEND)
    sums = {name: SPEND.c[name] + made.excluded[name] for name in ("calls", "tokens", "usd")}
    return made.on_conflict_do_update(index_elements=["day", "tenant", "key", "agent"], set_=sums)
