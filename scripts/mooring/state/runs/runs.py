"""Runs without checkpoints, shared by both slots."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from mooring.state import clock, tables
from mooring.state.processes import lives
from mooring.state.records.machine_table import MACHINES
from mooring.state.records.machines import host
from mooring.state.tables import TABLES, moment, text

RUNS = sa.Table(
    "runs",
    TABLES,
    text("id", primary_key=True),
    text("tenant"),
    text("agent"),
    text("release"),
    text("slot"),
    text("status"),
    # The one that is at the run.
    sa.Column("process", sa.BigInteger),
    moment("created"),
    moment("updated"),
    text("data"),
    sa.Column("messages", sa.LargeBinary),
    # Where the process is; null in rows of earlier versions.
    sa.Column("machine", sa.Text),
    sa.Index("runs_updated", "updated"),
)

_C = RUNS.c
_UNDER_WAY = _C.status.in_(("queued", "running"))
_SHOWN = (_C.id, _C.agent, _C.release, _C.slot, _C.status, _C.created, _C.updated, _C.data, _C.messages)
_GET = sa.select(*_SHOWN).where(_C.id == sa.bindparam("run"))
_REMOVE = sa.delete(RUNS).where(_C.id == sa.bindparam("run"))
_FORGET = sa.delete(RUNS).where(_C.updated < sa.bindparam("before"))
_OF_SLOT = sa.select(_C.id, _C.process, _C.machine, _C.data).where(
    _C.slot == sa.bindparam("of"), _C.updated <= sa.bindparam("since"), _UNDER_WAY
)
_END = (
    sa.update(RUNS)
    .where(_C.id == sa.bindparam("run"), _UNDER_WAY)
    .values(status="failed", updated=sa.bindparam("now"), data=sa.bindparam("told"))
)
_CLAIM = (
    sa.update(RUNS)
    .where(_C.id == sa.bindparam("run"), _C.status == "awaiting-approval")
    .values(
        status="running",
        slot=sa.bindparam("by"),
        updated=sa.bindparam("now"),
        process=sa.bindparam("pid"),
        machine=sa.bindparam("where"),
    )
    .returning(*_SHOWN)
)
_HOSTS = sa.select(MACHINES.c.host).where(MACHINES.c.seen > sa.bindparam("since"))
_SILENT_SECONDS = 60.0
"""After which runs of another machine are taken for dead: its slots go on while its supervisor starts again."""


@dataclass(frozen=True)
class StoredRun:
    """A run as it stands. `data` is what a client may see of it; `messages` is the conversation while it waits."""

    id: str
    agent: str
    release: str
    slot: str
    status: str
    created: float
    updated: float
    data: dict[str, Any]
    messages: bytes | None = None


def put(connection: sa.Connection, run: StoredRun) -> None:
    """Writes a run, new or changed."""
    connection.execute(_put(connection.dialect.name), values(run))


def add(connection: sa.Connection, run: StoredRun) -> bool:
    """Writes a new run; False when one of its name is there, which stays as it is."""
    return connection.execute(_add(connection.dialect.name), values(run)).first() is not None


def get(connection: sa.Connection, run: str) -> StoredRun | None:
    """A run by its id, or None."""
    row = connection.execute(_GET, {"run": run}).first()
    return _stored(row) if row else None


def remove(connection: sa.Connection, run: str) -> None:
    """Deletes a run, if it is there."""
    connection.execute(_REMOVE, {"run": run})


def forget(connection: sa.Connection, before: float) -> None:
    """Deletes runs that have not changed since."""
    connection.execute(_FORGET, {"before": before})


def claim(connection: sa.Connection, run: str, slot: str, now: float) -> StoredRun | None:
    """Takes a run that waits for approval, for a slot of this process; None when it does not wait."""
    row = connection.execute(_CLAIM, {"run": run, "by": slot, "now": now, "pid": os.getpid(), "where": host()}).first()
    return _stored(row) if row else None


def end_left(connection: sa.Connection, slot: str, error: dict[str, Any], since: float, now: float) -> None:
    """Ends runs of a slot whose process is dead.

    Those of the number of this process are of a dead one too: all its own are younger than `since`. Those of another
    machine are while no supervisor there has said for long that it is alive.
    """
    alive = {host(), *connection.execute(_HOSTS, {"since": clock.now(connection) - _SILENT_SECONDS}).scalars()}
    for run, process, where, data in connection.execute(_OF_SLOT, {"of": slot, "since": since}).all():
        here = where in (None, host())
        if (process is None or process == os.getpid() or not lives(process)) if here else where not in alive:
            told = json.dumps(json.loads(data) | {"error": error})
            connection.execute(_END, {"run": run, "now": now, "told": told})


@cache
def _put(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, RUNS)
    return made.on_conflict_do_update(index_elements=["id"], set_=_new_values(made))


@cache
def newer(dialect: str) -> sa.Executable:
    """Writes a run unless one of its name has changed later."""
    made = tables.insert(dialect, RUNS)
    later = made.excluded.updated > _C.updated
    return made.on_conflict_do_update(index_elements=["id"], set_=_new_values(made), where=later)


def _new_values(made: tables.Insert) -> dict[str, Any]:
    return {column.name: made.excluded[column.name] for column in RUNS.c if not column.primary_key}


@cache
def _add(dialect: str) -> sa.Executable:
    return tables.insert(dialect, RUNS).on_conflict_do_nothing().returning(_C.id)


def values(run: StoredRun) -> dict[str, Any]:
    """The row of a run that is at this process."""
    return {
        "id": run.id,
        "tenant": run.data.get("tenant", ""),
        "agent": run.agent,
        "release": run.release,
        "slot": run.slot,
        "status": run.status,
        "process": os.getpid(),
        "machine": host(),
        "created": run.created,
        "updated": run.updated,
        # In ASCII, since what a model says may hold characters that a database does not take for text.
        "data": json.dumps(run.data),
        "messages": run.messages,
    }


def _stored(row: Sequence[Any]) -> StoredRun:
    run, agent, release, slot, status, created, updated, data, messages = row
    return StoredRun(run, agent, release, slot, status, created, updated, json.loads(data), messages)
