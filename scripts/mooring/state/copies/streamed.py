"""What a change in the queue stands for, as data, and how it is carried out again in another database."""

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.records.changes import Change
from mooring.state.records.evidence import EVIDENCE
from mooring.state.records.ledger_tables import CHAINS, LEDGER
from mooring.state.records.releases import RELEASES
from mooring.state.records.tombstones import TOMBSTONES
from mooring.state.runs.conversations import CONVERSATIONS
from mooring.state.runs.turns import TURNS
from mooring.state.tables import TABLES

Record = dict[str, Any]
"""`{"put": table, "row": {…}}` or `{"gone": table, "key": …}`, JSON-able."""

_GONE = {"conversations": ((TURNS, TURNS.c.conversation), (CONVERSATIONS, CONVERSATIONS.c.id))}
"""Rows that go with one that is gone, by its key."""


def records(connection: sa.Connection, changed: Iterable[Change]) -> Iterator[Record]:
    """What changes stand for, in their order. What is gone by now is left out: that it is gone comes later."""
    for change in changed:
        if change.subject.startswith("-"):
            yield {"gone": change.subject.removeprefix("-"), "key": change.key}
            continue
        for table, where in _rows(change):
            for row in connection.execute(sa.select(table).where(*where)).mappings():
                yield {"put": table.name, "row": {name: _plain(value) for name, value in row.items()}}


def _rows(change: Change) -> list[tuple[sa.Table, list[sa.ColumnElement[bool]]]]:
    match change.subject:
        case "turns":
            one = [TURNS.c.conversation == change.key, TURNS.c.version == change.part]
            return [(CONVERSATIONS, [CONVERSATIONS.c.id == change.key]), (TURNS, one)]
        case "tombstones":
            subject, _, key = change.key.rpartition(" ")
            return [(TOMBSTONES, [TOMBSTONES.c.subject == subject, TOMBSTONES.c.key == key])]
        case "ledger":
            entry = [LEDGER.c.environment == change.key, LEDGER.c.seq == change.part]
            return [(LEDGER, entry), (CHAINS, [CHAINS.c.environment == change.key])]
        case "releases":
            return [(RELEASES, [RELEASES.c.digest == change.key])]
        case "evidence":
            return [(EVIDENCE, [EVIDENCE.c.digest == change.key])]
    return []


def replay(connection: sa.Connection, record: Record) -> None:
    """Carries out a change again; doing so twice changes nothing. Raises SQLAlchemyError, KeyError for what is none."""
    if (gone := record.get("gone")) is not None:
        for table, column in _GONE[gone]:
            connection.execute(sa.delete(table).where(column == record["key"]))
        return
    table = TABLES.tables[record["put"]]
    row = {name: _value(value) for name, value in record["row"].items()}
    put = tables.insert(connection.dialect.name, table).values(row)
    keys = [column.name for column in table.primary_key]
    changed = {name: put.excluded[name] for name in row if name not in keys}
    if table in (LEDGER, RELEASES, EVIDENCE):  # which are never changed
        connection.execute(put.on_conflict_do_nothing())
    else:
        connection.execute(put.on_conflict_do_update(index_elements=keys, set_=changed))


def _plain(value: Any) -> Any:
    return {"base64": base64.b64encode(value).decode()} if isinstance(value, bytes | memoryview) else value


def _value(value: Any) -> Any:
    return base64.b64decode(value["base64"]) if isinstance(value, dict) else value
