"""Writes what the runs of one process did, many runs in one transaction."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.clock import now
from mooring.state.runs.parts import PARTS, QUEUED, RUNNING, STEPS, Key
from mooring.state.runs.runs import StoredRun

_C = PARTS.c
_BIND = sa.bindparam
_MINE = (
    _C.run == _BIND("of", type_=sa.Text),
    _C.part == _BIND("at", type_=sa.BigInteger),
    _C.executor == _BIND("me", type_=sa.Text),
    _C.adopted == _BIND("token", type_=sa.BigInteger),
)
_RUNNING = _C.status == RUNNING
_END = (
    sa.update(PARTS)
    .where(*_MINE, _RUNNING)
    .values(
        status=_BIND("end"),
        slot=_BIND("by"),
        updated=_BIND("then"),
        data=_BIND("told"),
        messages=_BIND("said"),
        request="",
    )
)
_ENDED = sa.select(_C.run).where(*_MINE, _C.status != RUNNING)
_DROP = sa.delete(STEPS).where(
    STEPS.c.run == _BIND("of", type_=sa.Text),
    STEPS.c.part == _BIND("at", type_=sa.BigInteger),
    sa.exists(_ENDED),
)
_OWNERS = sa.select(_C.run, _C.part, _C.executor, _C.adopted, _C.status).where(
    _C.run.in_(_BIND("runs", expanding=True))
)

GONE, TAKEN = "gone", "taken"
"""Why nothing was written for a part: it has no row, or another process has it, or somebody has ended it."""


@dataclass(frozen=True)
class Change:
    """News of a part that a process has. `begun` is what was asked, unless its row is there.

    `steps` are names and JSON values from number `first` on; they are left out where the part has ended, whose end
    says it all.
    """

    run: str
    part: int
    adopted: int
    begun: Mapping[str, Any] | None = None
    first: int = 0
    steps: Sequence[tuple[str, Any]] = ()
    ended: StoredRun | None = None
    key: Key = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", (self.run, self.part))


@dataclass(frozen=True)
class Try:
    """A try under a ticket, `delay` seconds from when it is written."""

    asked: Mapping[str, Any]
    delay: float


def write(
    connection: sa.Connection, executor: str, slot: str, changes: Sequence[Change], tries: Sequence[Try] = ()
) -> dict[Key, str]:
    """Writes all that is still the executor's; what was not written, and why."""
    written = _begin(connection, executor, slot, changes)
    if tries:
        moment = now(connection)
        rows = [row(each.asked, QUEUED, moment) | {"not_before": moment + each.delay} for each in tries]
        connection.execute(_insert(connection.dialect.name), rows)
    written &= _step(connection, executor, changes)
    written &= _end(connection, executor, changes)
    return {} if written else refused(connection, executor, changes)


def refused(connection: sa.Connection, executor: str, changes: Sequence[Change]) -> dict[Key, str]:
    """Which of the parts are not the executor's, and why."""
    rows = connection.execute(_OWNERS, {"runs": sorted({change.run for change in changes})})
    found = {(each.run, each.part): each for each in rows}
    why = dict[Key, str]()
    for change in changes:
        known = found.get(change.key)
        ours = known is not None and (known.executor, known.adopted) == (executor, change.adopted)
        if known is None:
            why[change.key] = GONE
        elif not ours or (known.status != RUNNING and not change.ended):
            why[change.key] = TAKEN
    return why


def _begin(connection: sa.Connection, executor: str, slot: str, changes: Sequence[Change]) -> bool:
    moment = time.time()
    rows = [
        row(change.begun, RUNNING, moment) | {"executor": executor, "slot": slot, "adopted": change.adopted}
        for change in changes
        if change.begun is not None
    ]
    return _all(connection, _insert(connection.dialect.name), rows)


def _step(connection: sa.Connection, executor: str, changes: Sequence[Change]) -> bool:
    rows = [
        _proof(change, executor) | {"count": change.first + index, "title": name, "told": _json(value)}
        for change in changes
        if change.ended is None
        for index, (name, value) in enumerate(change.steps)
    ]
    return _all(connection, _add_step(connection.dialect.name), rows)


def _end(connection: sa.Connection, executor: str, changes: Sequence[Change]) -> bool:
    ended = [(change, change.ended) for change in changes if change.ended is not None]
    rows = [
        _proof(change, executor)
        | {"end": end.status, "by": end.slot, "then": end.updated, "told": _json(end.data), "said": end.messages}
        for change, end in ended
    ]
    whole = _all(connection, _END, rows)
    if stepped := [_proof(change, executor) for change, _ in ended if change.first]:
        connection.execute(_DROP, stepped)
    return whole


def _all(connection: sa.Connection, statement: sa.Executable, rows: list[dict[str, Any]]) -> bool:
    """Whether each of the rows had its effect."""
    if not rows:
        return True
    done = connection.execute(statement, rows, execution_options={"preserve_rowcount": True})
    return done.rowcount == len(rows)


def _proof(change: Change, executor: str) -> dict[str, Any]:
    return {"of": change.run, "at": change.part, "me": executor, "token": change.adopted}


def row(asked: Mapping[str, Any], status: str, moment: float) -> dict[str, Any]:
    """The row of a part that begins or is queued."""
    names = ("run", "part", "tenant", "agent", "release", "created")
    made = {name: asked[name] for name in names} | {"request": _json(asked), "status": status, "updated": moment}
    empty = {"slot": "", "executor": None, "not_before": None, "data": None, "messages": None}
    return made | empty | {"adopted": 0, "deaths": 0}


def _json(value: Any) -> str:
    """In ASCII, since what a model says may hold characters that a database does not take for text."""
    return json.dumps(value, separators=(",", ":"))


@cache
def _insert(dialect: str) -> sa.Executable:
    return tables.insert(dialect, PARTS).on_conflict_do_nothing()


@cache
def _add_step(dialect: str) -> sa.Executable:
    """Adds a step where the part is still the executor's, which nobody can change before the transaction ends."""
    own = sa.select(
        _BIND("of", type_=sa.Text),
        _BIND("at", type_=sa.BigInteger),
        _BIND("count", type_=sa.BigInteger),
        _BIND("title", type_=sa.Text),
        _BIND("told", type_=sa.Text),
    ).where(*_MINE, _RUNNING)
    names = [column.name for column in STEPS.c]
    locked = own.select_from(PARTS).with_for_update(key_share=True)
    return tables.insert(dialect, STEPS).from_select(names, locked).on_conflict_do_nothing()
