"""Conversations: what is known of each, and which process has it for a turn now."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.processes import ended, machine
from mooring.state.tables import SECONDS, TABLES, moment, number, text

CONVERSATIONS = sa.Table(
    "conversations",
    TABLES,
    text("id", primary_key=True),
    text("tenant"),
    text("agent"),
    moment("created"),
    moment("updated"),
    moment("keep_until"),
    number("version"),
    number("bytes"),
    # The process that has it for a turn, as "<pid>-<anything>@<machine>", and until when at most.
    sa.Column("holder", sa.Text),
    moment("until"),
    sa.Index("conversations_keep_until", "keep_until"),
)
_C = CONVERSATIONS.c
_HEADER = (_C.id, _C.agent, _C.created, _C.updated, _C.version, _C.bytes)
_NAME: sa.BindParameter[str] = sa.bindparam("name")
_GET = sa.select(*_HEADER).where(_C.id == _NAME)
_HELD = sa.select(_C.holder, _C.until).where(_C.id == _NAME).with_for_update()
_TAKE = (
    sa.update(CONVERSATIONS)
    .where(_C.id == _NAME)
    .values(holder=sa.bindparam("me"), until=sa.bindparam("end"))
    .returning(*_HEADER)
)
_LET_GO = sa.update(CONVERSATIONS).where(_C.id == _NAME, _C.holder == sa.bindparam("me")).values(holder=None)
_OLD = sa.select(_C.id).where(_C.keep_until < sa.bindparam("now")).limit(sa.bindparam("most", type_=sa.Integer))


@dataclass(frozen=True)
class Header:
    """What is known of a conversation without its turns. `version` is the number of turns ever added."""

    id: str
    agent: str
    created: float
    updated: float
    version: int
    bytes: int


@dataclass(frozen=True)
class Claim:
    """Who wants a conversation for a turn, and until when at most; and how long a new one is kept."""

    name: str
    agent: str
    holder: str
    now: float
    until: float
    keep_until: float


def claim(connection: sa.Connection, wish: Claim) -> Header | None:
    """Takes a conversation; None while another process has it. A new one is begun; what a dead one has is free."""
    given = new(wish.name, wish.agent, wish.now, wish.keep_until)
    given |= {"holder": wish.holder, "until": wish.until, "now": wish.now}
    row = connection.execute(_claim(connection.dialect.name), given).first()
    if row is None:
        holder, until = connection.execute(_HELD, {"name": wish.name}).one()
        if holder and until > wish.now and not _gone(holder):
            return None
        row = connection.execute(_TAKE, {"name": wish.name, "me": wish.holder, "end": wish.until}).one()
    return Header(*row)


def let_go(connection: sa.Connection, name: str, holder: str) -> None:
    """Ends a claim of one's own."""
    connection.execute(_LET_GO, {"name": name, "me": holder})


def header(connection: sa.Connection, name: str) -> Header | None:
    """A conversation, or None."""
    row = connection.execute(_GET, {"name": name}).first()
    return Header(*row) if row else None


def old(connection: sa.Connection, now: float, most: int) -> list[str]:
    """Conversations whose time is over, at most so many."""
    return list(connection.execute(_OLD, {"now": now, "most": most}).scalars())


def new(name: str, agent: str, now: float, keep_until: float) -> dict[str, Any]:
    """The row of a conversation that begins."""
    tenant = name.rpartition("/")[0]
    row = {"id": name, "tenant": tenant, "agent": agent, "created": now, "updated": now, "keep_until": keep_until}
    return row | {"version": 0, "bytes": 0, "holder": None, "until": 0.0}


def _gone(holder: str) -> bool:
    name, _, where = holder.partition("@")
    return ended(int(name.partition("-")[0]), where or machine())


@cache
def _claim(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, CONVERSATIONS)
    new = made.excluded
    free = sa.or_(_C.holder.is_(None), _C.holder == new.holder, _C.until <= sa.bindparam("now", type_=SECONDS))
    taken = made.on_conflict_do_update(
        index_elements=["id"], set_={"holder": new.holder, "until": new.until}, where=free
    )
    return taken.returning(*_HEADER)
