"""Runs with checkpoints as earlier versions kept them, by DBOS: in `durable.db`, or in PostgreSQL's schema `dbos`."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring.state.processes import lives
from mooring.state.runs import checkpoints
from mooring.state.runs.parts import FAILED, PARTS, QUEUED, RUNNING, STEPS
from mooring.state.tables import insert

Ask = Callable[..., Sequence[Sequence[Any]]]
"""The rows of a query, whose tables begin with `$`, for the values of its question marks."""

_BATCH = 200
_PENDING = {"PENDING": RUNNING, "ENQUEUED": QUEUED, "DELAYED": QUEUED}
_UNDER_WAY = "('PENDING', 'ENQUEUED', 'DELAYED')"
_HOME = Path("executors", ".home")
_VERSION = "mooring-1-"
_CANCELLED = ("run_cancelled", "the run was ended: its client said so")
_CRASHED = ("run_crashed", "each process that went on with the run died; it was given up")
_ERROR = ("internal_error", "the run failed")

_RUNS = """
    select w.workflow_uuid, w.status, w.executor_id, w.created_at, w.updated_at, w.delay_until_epoch_ms, w.attributes,
        coalesce(w.inputs, i.inputs), coalesce(w.output, o.output)
    from $workflow_status w left join $workflow_input i on i.workflow_uuid = w.workflow_uuid
        left join $workflow_output o on o.workflow_uuid = w.workflow_uuid
    where w.name = 'run' and w.workflow_uuid > ? and {which} order by w.workflow_uuid limit ?
"""
_MOVED = "update dbos.workflow_status w set status = 'CANCELLED' where {which} and status in {under_way}"
_STEPS = """
    select function_name, output from $operation_outputs where workflow_uuid = ? and error is null
    order by function_id
"""


def copy_file(connection: sa.Connection, source: sqlite3.Connection, since: float, whole: bool) -> None:
    """Copies what has ended since; and what is under way once no process of an earlier version is left."""

    def ask(query: str, *values: object) -> Sequence[Sequence[Any]]:
        return source.execute(query.replace("$", ""), values).fetchall()

    _copy(connection, ask, since, whole, "true")


def copy_schema(connection: sa.Connection, folder: Path, since: float) -> bool:
    """The same for the runs of one state folder; whether that is all. What is under way is there no more then."""
    named = folder / _HOME
    asked = connection.exec_driver_sql("select to_regclass('dbos.workflow_status')").scalar()
    home = named.read_text().strip() if asked and named.exists() else ""
    if not home.isalnum():
        return True
    known = set(connection.exec_driver_sql("select name from executors").scalars())
    names = [path.name for path in (folder / _HOME.parent).iterdir() if not path.name.startswith(".")]
    whole = not any(lives(int(name.split("-")[2])) for name in names if name not in known)

    def ask(query: str, *values: object) -> Sequence[Sequence[Any]]:
        return connection.exec_driver_sql(query.replace("$", "dbos.").replace("?", "%s"), values).all()

    own = f"w.application_version = '{_VERSION}{home}'"
    _copy(connection, ask, since, whole, own)
    if whole:
        connection.exec_driver_sql(_MOVED.format(which=own, under_way=_UNDER_WAY))
    return whole


def _copy(connection: sa.Connection, ask: Ask, since: float, whole: bool, own: str) -> None:
    # In whole seconds there, and a transaction may have been under way.
    ended = f"(w.status not in {_UNDER_WAY} and w.updated_at >= {int((since - 60) * 1000)})"
    which = f"({ended} or w.status in {_UNDER_WAY})" if whole else ended
    last = ""
    while rows := ask(_RUNS.format(which=f"{own} and {which}"), last, _BATCH):
        for row in rows:
            _put(connection, ask, *row)
        last = rows[-1][0]


def _put(
    connection: sa.Connection,
    ask: Ask,
    name: str,
    status: str,
    executor: str,
    created: int,
    updated: int,
    due: int | None,
    attributes: Any,
    inputs: str,
    output: str | None,
) -> None:
    asked = json.loads(inputs)["args"][0]
    more = (json.loads(attributes) if isinstance(attributes, str) else attributes) or {}
    row = checkpoints.row(asked, _PENDING.get(status, FAILED), updated / 1000)
    adopted = int(more.get("adopted", 0))
    row |= {"slot": executor.partition("-")[0], "executor": executor, "adopted": adopted, "deaths": adopted}
    if asked["run"].startswith("ticket_"):
        row["not_before"] = (due or created) / 1000
    steps = [(title, json.loads(value)) for title, value in ask(_STEPS, name)] if not output else []
    if status == "SUCCESS" and output:
        row |= _ended(json.loads(output))
    elif status not in _PENDING:
        told = _ERROR if status == "ERROR" else _CANCELLED if more.get("cancelled") else _CRASHED
        row |= {"request": "", "data": json.dumps(_lost(asked, steps, *told) | {"resumed": row["adopted"]})}
        steps = []
    elif row["status"] == QUEUED:
        row["executor"] = None
    made = insert(connection.dialect.name, PARTS).on_conflict_do_nothing().returning(PARTS.c.run)
    if connection.execute(made, row).first() and steps:
        at = {"run": row["run"], "part": row["part"]}
        connection.execute(
            sa.insert(STEPS),
            [at | {"number": n, "name": title, "value": json.dumps(value)} for n, (title, value) in enumerate(steps)],
        )


def _ended(run: dict[str, Any]) -> dict[str, Any]:
    messages = run["messages"].encode() if run["messages"] else None
    names = ("slot", "status", "updated")
    return {name: run[name] for name in names} | {"request": "", "data": json.dumps(run["data"]), "messages": messages}


def _lost(asked: dict[str, Any], steps: Sequence[tuple[str, Any]], code: str, message: str) -> dict[str, Any]:
    """What is told of a run that never came to an end of its own."""
    data: dict[str, Any] = {"rung": None, "usage": {"input_tokens": 0, "output_tokens": 0}, "tool_calls": []}
    for _, value in steps:
        data = value.get("record") or data | {"tool_calls": [*data["tool_calls"], *value.get("calls", ())]}
    error = {"message": message, "type": "server_error", "code": code, "param": None}
    told = {name: asked.get(name, "") for name in ("tenant", "key")}
    return data | told | {"origin": asked.get("origin", {}), "part": asked["part"], "error": error}
