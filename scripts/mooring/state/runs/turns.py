"""The turns of conversations: every one that was ever added, until its conversation is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.runs import conversations
from mooring.state.runs.conversations import CONVERSATIONS
from mooring.state.tables import TABLES, moment, number, text

TURNS = sa.Table(
    "turns",
    TABLES,
    text("conversation", primary_key=True),
    number("version", primary_key=True),
    text("run"),
    moment("said"),
    sa.Column("messages", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("conversation", "run"),
)

_C, _T = CONVERSATIONS.c, TURNS.c
_NAME: sa.BindParameter[str] = sa.bindparam("name")
_POSITIONS = sa.select(_T.run, _T.version).where(
    _T.conversation == _NAME, _T.run.in_(sa.bindparam("runs", expanding=True))
)
_AFTER = (
    sa.select(_T.version, _T.said, _T.messages)
    .where(_T.conversation == _NAME, _T.version > sa.bindparam("after"))
    .order_by(_T.version.desc())
)
_LAST = _AFTER.limit(sa.bindparam("last", type_=sa.Integer))
_DELETE_TURNS = sa.delete(TURNS).where(_T.conversation == _NAME)
_DELETE = sa.delete(CONVERSATIONS).where(_C.id == _NAME)


@dataclass(frozen=True)
class StoredTurn:
    """One turn: its number, when it ended (Unix time), and its messages as JSON."""

    version: int
    said: float
    messages: bytes


@dataclass(frozen=True)
class NewTurn:
    """A turn to be added, by the run that made it."""

    conversation: str
    agent: str
    run: str
    messages: bytes
    said: float
    keep_until: float


class AddedBefore(Exception):
    """The turn is there; raised so that what was done for its second copy is undone."""


def add(connection: sa.Connection, turn: NewTurn) -> None:
    """Adds a turn and ends the claim. Raises AddedBefore when the run did so before, to undo it all."""
    new = conversations.new(turn.conversation, turn.agent, turn.said, turn.keep_until)
    new |= {"version": 1, "bytes": len(turn.messages)}
    version = connection.execute(_grow(connection.dialect.name), new).scalar_one()
    row = {"conversation": turn.conversation, "version": version, "run": turn.run}
    row |= {"said": turn.said, "messages": turn.messages}
    if connection.execute(_turn(connection.dialect.name), row).first() is None:
        raise AddedBefore


def positions(connection: sa.Connection, name: str, runs: Sequence[str]) -> dict[str, int]:
    """The numbers of the turns that `runs` added, by run; of those that added none there is none."""
    rows = connection.execute(_POSITIONS, {"name": name, "runs": list(runs)})
    return {row.run: row.version for row in rows}


def turns(connection: sa.Connection, name: str, after: int, last: int) -> list[StoredTurn]:
    """Turns in order: those with a number above `after`, and of these the `last` ones, or all with -1."""
    values = {"name": name, "after": after}
    rows = connection.execute(_AFTER, values) if last < 0 else connection.execute(_LAST, values | {"last": last})
    return [StoredTurn(*row) for row in reversed(rows.all())]


def copy(connection: sa.Connection, name: str, branch: str, version: int, now: float, keep_until: float) -> None:
    """Begins `branch` with the turns of a conversation up to number `version`. Does nothing when it has begun."""
    known = conversations.header(connection, name)
    if known is None:
        return
    upto = sa.and_(_T.conversation == name, _T.version <= version)
    length = sa.select(sa.func.coalesce(sa.func.sum(sa.func.length(_T.messages)), 0)).where(upto)
    new = conversations.new(branch, known.agent, now, keep_until)
    new |= {"version": version, "bytes": connection.execute(length).scalar_one()}
    begun = tables.insert(connection.dialect.name, CONVERSATIONS).on_conflict_do_nothing().returning(_C.id)
    if connection.execute(begun, new).first() is not None:
        same = sa.select(sa.literal(branch, sa.Text), _T.version, _T.run, _T.said, _T.messages).where(upto)
        connection.execute(sa.insert(TURNS).from_select([column.name for column in _T], same))


def delete(connection: sa.Connection, name: str) -> bool:
    """Deletes a conversation with all its turns; False when there is none."""
    connection.execute(_DELETE_TURNS, {"name": name})
    return connection.execute(_DELETE, {"name": name}).rowcount > 0


@cache
def _grow(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, CONVERSATIONS)
    new = made.excluded
    later = sa.case((new.keep_until > _C.keep_until, new.keep_until), else_=_C.keep_until)
    grown: dict[str, Any] = {"version": _C.version + 1, "updated": new.updated, "keep_until": later}
    grown |= {"bytes": _C.bytes + new.bytes, "holder": sa.null()}
    return made.on_conflict_do_update(index_elements=["id"], set_=grown).returning(_C.version)


@cache
def _turn(dialect: str) -> sa.Executable:
    return (
        tables.insert(dialect, TURNS)
        .on_conflict_do_nothing(index_elements=["conversation", "run"])
        .returning(_T.version)
    )
