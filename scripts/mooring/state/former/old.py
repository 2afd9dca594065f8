"""What earlier versions kept in files of their own, and how it is copied."""

import json
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa

from mooring.state.former import old_ledger, old_runs
from mooring.state.records.statements import Statements
from mooring.state.runs import answers, conversations, runs, spend, turns
from mooring.state.runs.spend import Spent, Who
from mooring.state.runs.turns import NewTurn

_BATCH = 500

Copy = Callable[[sa.Connection, sqlite3.Connection, float, bool], None]
"""Copies what has changed since a moment (Unix time). The last argument says whether it is all that there will be."""


def _runs(connection: sa.Connection, source: sqlite3.Connection, since: float, _whole: bool) -> None:
    query = "select id, agent, release, slot, status, created, updated, data, messages from runs where updated >= ?"
    for rows in _batches(source.execute(query, (since,))):
        connection.execute(runs.newer(connection.dialect.name), [_run(*row) for row in rows])


def _run(
    run: str, agent: str, release: str, slot: str, status: str, created: float, updated: float, text: str, said: Any
) -> dict[str, Any]:
    data = json.loads(text)
    process = data.pop("process", None)
    stored = runs.StoredRun(run, agent, release, slot, status, created, updated, data, said)
    return runs.values(stored) | {"process": process}


def _answers(connection: sa.Connection, source: sqlite3.Connection, since: float, _whole: bool) -> None:
    query = "select key, text, saved from answers where saved >= ?"
    for rows in _batches(source.execute(query, (since,))):
        connection.execute(
            answers.younger(connection.dialect.name),
            [answers.values(key, "", text, saved) for key, text, saved in rows],
        )


def _spend(connection: sa.Connection, source: sqlite3.Connection, _since: float, whole: bool) -> None:
    """Sums cannot be copied twice, so they are copied when they are final."""
    if not whole:
        return
    days: dict[str, dict[Who, Spent]] = {}
    for day, tenant, key, agent, *numbers in source.execute("select * from spend"):
        days.setdefault(day, {})[tenant, key, agent] = Spent(*numbers)
    for day, spent in days.items():
        spend.add(connection, day, spent)


def _conversations(connection: sa.Connection, source: sqlite3.Connection, since: float, _whole: bool) -> None:
    headers = "select id, agent, created, keep_until, updated, version, bytes, holder, until from conversations"
    said = (
        "select conversation, version, run, said, messages from turns"
        " where conversation = ? and said >= ? order by version"
    )
    for name, agent, created, keep_until, *rest in source.execute(f"{headers} where updated >= ?", (since,)):
        rows = source.execute(said, (name, since))
        if conversations.header(connection, name) is None:
            new = conversations.new(name, agent, created, keep_until)
            new |= dict(zip(("updated", "version", "bytes", "holder", "until"), rest, strict=True))
            connection.execute(sa.insert(conversations.CONVERSATIONS), new)
            names = [column.name for column in turns.TURNS.columns]
            for batch in _batches(rows):
                connection.execute(sa.insert(turns.TURNS), [dict(zip(names, row, strict=True)) for row in batch])
        else:
            for _name, _version, run, at, messages in rows:
                if not turns.positions(connection, name, [run]):
                    turns.add(connection, NewTurn(name, agent, run, messages, at, keep_until))


def _ledger(connection: sa.Connection, source: sqlite3.Connection, _since: float, whole: bool) -> None:
    """Two processes must not write to two ledgers, so it is copied when nobody writes to it any more."""
    if whole:
        old_ledger.copy(Statements(connection.connection.driver_connection), source)


def _batches(rows: sqlite3.Cursor) -> Iterator[list[tuple[Any, ...]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


COPIES: dict[str, Copy] = {
    "runs.db": _runs,
    "conversations.db": _conversations,
    "answers.db": _answers,
    "spend.db": _spend,
    "ledger.db": _ledger,
    "durable.db": old_runs.copy_file,
}
"""How each file is copied, by its name in the state folder."""
