"""The SQLite file behind the demo services."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.simulator.services import seed

_TABLES = """
CREATE TABLE IF NOT EXISTS orders (order_id TEXT PRIMARY KEY, status TEXT, placed INTEGER, promised INTEGER,
    delivered INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS items (order_id TEXT, sku TEXT, name TEXT, quantity INTEGER, cents INTEGER,
    PRIMARY KEY (order_id, sku)) STRICT;
CREATE TABLE IF NOT EXISTS refunds (order_id TEXT PRIMARY KEY, reason TEXT, refunded_on TEXT, days_ago INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS tickets (number INTEGER PRIMARY KEY, email TEXT, topic TEXT, summary TEXT, order_id TEXT,
    answer_by TEXT) STRICT;
CREATE TABLE IF NOT EXISTS pages (number INTEGER PRIMARY KEY, service TEXT, severity TEXT, summary TEXT) STRICT;
CREATE TABLE IF NOT EXISTS effects (path TEXT, key TEXT, body TEXT, PRIMARY KEY (path, key)) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Database:
    """A file; each transaction opens a connection of its own, so any thread may ask."""

    path: Path

    def prepare(self) -> None:
        """Makes tables and what they start with; keeps what is already there. Raises Failed when the disk refuses."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._seed()
        except (OSError, sqlite3.Error) as error:
            raise Failed(Reason.STORAGE, f"cannot keep the services' data in {self.path}: {error}") from None

    def _seed(self) -> None:
        with self.transaction() as connection:
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            put = "INSERT OR IGNORE INTO {} VALUES ({})"
            connection.executemany(put.format("orders", "?, ?, ?, ?, ?"), seed.ORDERS)
            connection.executemany(put.format("items", "?, ?, ?, ?, ?"), seed.ITEMS)
            connection.executemany(put.format("refunds", "?, ?, NULL, ?"), seed.REFUNDS)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection that holds the write lock; all or nothing of what is done with it stays."""
        connection = sqlite3.connect(self.path, timeout=10, isolation_level=None)
        connection.row_factory = sqlite3.Row
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
