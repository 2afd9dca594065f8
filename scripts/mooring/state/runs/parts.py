"""Runs with checkpoints, by parts: a run's beginning, what follows a person's decision, or one try under a ticket.

A part belongs to the process that has it, its executor. `adopted` counts how often it was taken over; no write of an
executor counts unless both are still as it knows them, so a process that lost a part cannot write to it. `deaths` says
how many of those times its process had died.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state.tables import SECONDS, TABLES, moment, number, text

QUEUED, RUNNING, FAILED = "queued", "running", "failed"
UNDER_WAY = (QUEUED, RUNNING)

Key = tuple[str, int]
"""A run and the number of its part."""

PARTS = sa.Table(
    "parts",
    TABLES,
    text("run", primary_key=True),
    number("part", primary_key=True),
    text("tenant"),
    text("agent"),
    text("release"),
    text("slot"),
    text("status"),
    sa.Column("executor", sa.Text),
    number("adopted"),
    moment("created"),
    moment("updated"),
    # When a try under a ticket may begin; null in every other part.
    sa.Column("not_before", SECONDS),
    # JSON of what is asked, until the part has ended; `data` is JSON of how it ended.
    text("request"),
    sa.Column("data", sa.Text),
    sa.Column("messages", sa.LargeBinary),
    number("deaths", server_default="0"),
    sa.Index("parts_running", "executor"),
    sa.Index("parts_queued", "not_before"),
    sa.Index("parts_updated", "updated"),
)

STEPS = sa.Table(
    "steps",
    TABLES,
    text("run", primary_key=True),
    number("part", primary_key=True),
    number("number", primary_key=True),
    text("name"),
    text("value"),
)

_C, _S = PARTS.c, STEPS.c
_OF_RUN = sa.select(PARTS).where(_C.run == sa.bindparam("of")).order_by(_C.part)
_LAST = sa.select(PARTS).where(_C.run == sa.bindparam("of")).order_by(_C.part.desc()).limit(1)
_STEPS = (
    sa.select(_S.name, _S.value).where(_S.run == sa.bindparam("of"), _S.part == sa.bindparam("at")).order_by(_S.number)
)
_OWNED = sa.select(_C.run, _C.part).where(_C.executor == sa.bindparam("of"), _C.status == RUNNING)
_OPEN_TRIES = sa.select(sa.func.count()).where(_C.status.in_(UNDER_WAY), _C.not_before.is_not(None))
_CLOSE = (
    sa.update(PARTS)
    .where(
        _C.run == sa.bindparam("of"),
        _C.part == sa.bindparam("at"),
        _C.adopted == sa.bindparam("token"),
        _C.status.in_(UNDER_WAY),
    )
    .values(status=FAILED, data=sa.bindparam("told"), updated=sa.bindparam("now"), request="")
)
_OLD = sa.select(_C.run, _C.part).where(_C.updated < sa.bindparam("before"), _C.status.not_in(UNDER_WAY))
_UNSERVED = sa.select(PARTS).where(_C.updated < sa.bindparam("before"), _C.status == QUEUED)
_AT = (_C.run == sa.bindparam("of"), _C.part == sa.bindparam("at"))
_REMOVE = sa.delete(PARTS).where(*_AT)
_REMOVE_STEPS = sa.delete(STEPS).where(_S.run == sa.bindparam("of"), _S.part == sa.bindparam("at"))


@dataclass(frozen=True)
class Part:
    """A row."""

    run: str
    part: int
    tenant: str
    agent: str
    release: str
    slot: str
    status: str
    executor: str | None
    adopted: int
    created: float
    updated: float
    not_before: float | None
    request: str
    data: str | None = None
    messages: bytes | None = None
    deaths: int = 0

    @property
    def asked(self) -> dict[str, Any]:
        """What is asked; nothing any more once the part has ended."""
        found: dict[str, Any] = json.loads(self.request or "{}")
        return found


def of_run(connection: sa.Connection, run: str) -> list[Part]:
    """All parts of a run, the first first."""
    return [Part(*row) for row in connection.execute(_OF_RUN, {"of": run})]


def last(connection: sa.Connection, run: str) -> Part | None:
    """The last part of a run; None when there is no such run."""
    row = connection.execute(_LAST, {"of": run}).first()
    return Part(*row) if row else None


def steps(connection: sa.Connection, part: Part) -> dict[str, Any]:
    """What a part under way has done, in order, by the names of its steps. Those of one that ended are deleted."""
    rows = connection.execute(_STEPS, {"of": part.run, "at": part.part})
    return {name: json.loads(value) for name, value in rows}


def owned(connection: sa.Connection, executor: str) -> set[Key]:
    """The parts that a process has."""
    return {(row.run, row.part) for row in connection.execute(_OWNED, {"of": executor})}


def open_tries(connection: sa.Connection) -> int:
    """Tries under tickets that wait or are under way."""
    count: int = connection.execute(_OPEN_TRIES).scalar_one()
    return count


def close(connection: sa.Connection, part: Part, data: dict[str, Any], now: float) -> bool:
    """Ends a part as failed, whoever has it; False when it has ended or changed hands since it was read."""
    told = json.dumps(data)
    given = {"of": part.run, "at": part.part, "token": part.adopted, "told": told, "now": now}
    closed = connection.execute(_CLOSE, given).rowcount == 1
    if closed:
        connection.execute(_REMOVE_STEPS, {"of": part.run, "at": part.part})
    return closed


def remove(connection: sa.Connection, run: str) -> None:
    """Deletes a run with all its parts."""
    connection.execute(sa.delete(STEPS).where(_S.run == run))
    connection.execute(sa.delete(PARTS).where(_C.run == run))


def forget(connection: sa.Connection, before: float, most: int) -> int:
    """Deletes parts that ended and have not changed since, at most so many; how many there were."""
    old = [{"of": row.run, "at": row.part} for row in connection.execute(_OLD.limit(most), {"before": before})]
    if old:
        connection.execute(_REMOVE_STEPS, old)
        connection.execute(_REMOVE, old)
    return len(old)


def unserved(connection: sa.Connection, before: float) -> Sequence[Part]:
    """Parts that have waited since for a process that can go on with them."""
    return [Part(*row) for row in connection.execute(_UNSERVED, {"before": before})]
