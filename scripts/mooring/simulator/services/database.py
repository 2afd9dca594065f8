"""The SQLite file behind the services: records that calls inserted, and effects that must not happen twice.

Records that are there from the start stay in their documents, so an edited document shows at the next start.
"""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason

_TABLES = """
CREATE TABLE IF NOT EXISTS records (service TEXT, name TEXT, number INTEGER, body TEXT,
    PRIMARY KEY (service, name, number)) STRICT;
CREATE TABLE IF NOT EXISTS done (path TEXT, key TEXT, body TEXT, PRIMARY KEY (path, key)) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Records:
    """Inserted records of one service, within a transaction."""

    connection: sqlite3.Connection
    service: str

    def all(self, table: str) -> list[dict[str, Any]]:
        """In the order in which they were inserted."""
        found = self.connection.execute(
            "SELECT body FROM records WHERE service = ? AND name = ? ORDER BY number", (self.service, table)
        )
        return [json.loads(row[0]) for row in found]

    def next_number(self, table: str) -> int:
        """The number that the next record gets, from 1 on."""
        counted = "SELECT COALESCE(MAX(number), 0) + 1 FROM records WHERE service = ? AND name = ?"
        return int(self.connection.execute(counted, (self.service, table)).fetchone()[0])

    def insert(self, table: str, number: int, record: Mapping[str, Any]) -> None:
        """Keeps a record."""
        row = (self.service, table, number, json.dumps(record))
        self.connection.execute("INSERT INTO records VALUES (?, ?, ?, ?)", row)

    def done(self, path: str, key: str | None) -> dict[str, Any] | None:
        """The answer that a call with this `Idempotency-Key` got before."""
        row = self.connection.execute("SELECT body FROM done WHERE path = ? AND key = ?", (path, key)).fetchone()
        return dict(json.loads(row[0])) if row else None

    def note(self, path: str, key: str, answer: Mapping[str, Any]) -> None:
        """Keeps the answer for calls with the same `Idempotency-Key`."""
        self.connection.execute("INSERT INTO done VALUES (?, ?, ?)", (path, key, json.dumps(answer)))


@dataclass(frozen=True, slots=True)
class Database:
    """A file; each transaction opens a connection of its own, so any thread may ask."""

    path: Path

    def prepare(self) -> None:
        """Makes the tables; keeps what is already there. Raises Failed when the disk refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.transaction() as connection:
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
        except (OSError, sqlite3.Error) as error:
            raise Failed(Reason.STORAGE, f"cannot keep the services' data in {self.path}: {error}") from None

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the write lock; all or nothing of what is done with it stays."""
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        finally:
            connection.close()
