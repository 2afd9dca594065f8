"""The ledger: every transition of an environment, in SQLite, append-only and hash-chained.

An entry's hash covers the hash before it and its own canonical JSON, so no entry can be changed or
removed without breaking the chain; `verify` also notices a missing end. Whoever can rewrite the whole file can
write another history: the head's hash is printed in receipts and in revert commits, outside of it.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mooring import private
from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout.state import Event, State

START = "0" * 64
"""The hash before the first entry."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, environment TEXT NOT NULL, body TEXT NOT NULL,
    previous TEXT NOT NULL, hash TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS leases (
    environment TEXT PRIMARY KEY, token INTEGER NOT NULL, owner TEXT NOT NULL, actor TEXT NOT NULL,
    kind TEXT NOT NULL, until REAL NOT NULL);
CREATE TRIGGER IF NOT EXISTS entries_are_never_changed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_never_deleted BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """One transition. `event` and `state` are the JSON forms of what happened and of the resulting state."""

    seq: int
    environment: str
    at: float
    actor: str
    token: int
    event: dict[str, Any]
    state: dict[str, Any]
    hash: str

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


class Ledger:
    """The database at `path`, created when missing. Every method raises Failed(STORAGE) on a disk or SQLite error."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with _storage(path):
            private.file(path)
            # Autocommit: transactions are explicit. The renewal thread has a connection of its own.
            self._db = sqlite3.connect(path, timeout=5, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write transaction: one writer at a time, all or nothing."""
        with _storage(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def append(self, environment: str, token: int, actor: str, event: Event, state: State) -> Entry:
        """Writes a transition before it is acted on. Raises Refused(FENCED) when a newer lease than `token` exists."""
        body = {"at": event.at, "actor": actor, "token": token, "event": event.data(), "state": state.data()}
        text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        with self.transaction() as db:
            held = db.execute("SELECT token FROM leases WHERE environment = ?", (environment,)).fetchone()
            if held is not None and held[0] != token:
                raise Refused(Reason.FENCED, f"another process took over {environment} (token {held[0]}, mine {token})")
            last = db.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
            seq, previous = (last[0] + 1, last[1]) if last else (1, START)
            link = _hash(previous, seq, environment, text)
            db.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", (seq, environment, text, previous, link))
        return _entry((seq, environment, text, previous, link))

    def state(self, environment: str) -> State:
        """The state of the environment's rollout, from its last entry."""
        newest = self.entries(1, environment)
        return State.read(newest[0].state) if newest else State()

    def entries(self, limit: int = 50, environment: str | None = None) -> list[Entry]:
        """The newest entries, the newest first."""
        query = "SELECT * FROM entries WHERE environment = coalesce(?, environment) ORDER BY seq DESC LIMIT ?"
        rows = self.query(query, environment, limit)
        return [_entry(row) for row in rows]

    def query(self, query: str, *values: Any) -> list[Any]:
        """The rows a SELECT finds."""
        with _storage(self.path):
            return self._db.execute(query, values).fetchall()

    def commit_of(self, environment: str, digest: str) -> str | None:
        """The commit that a release was last deployed from, if one was recorded."""
        query = """SELECT json_extract(body, '$.event.commit') FROM entries WHERE environment = ?
            AND json_extract(body, '$.event.digest') = ? AND json_extract(body, '$.event.commit') IS NOT NULL
            ORDER BY seq DESC LIMIT 1"""
        rows = self.query(query, environment, digest)
        return str(rows[0][0]) if rows else None

    def verify(self) -> int:
        """Checks the chain and returns the number of entries. Raises Refused(TAMPERED) with the first altered one."""
        previous, count = START, 0
        with _storage(self.path):
            for seq, environment, body, before, link in self._db.execute("SELECT * FROM entries ORDER BY seq"):
                count += 1
                if seq != count or before != previous or link != _hash(previous, seq, environment, body):
                    raise Refused(Reason.TAMPERED, f"{self.path}: the chain breaks at entry {count}")
                previous = link
            ever = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'entries'").fetchone()
            triggers = self._db.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger'").fetchone()
        if ever is not None and ever[0] != count:
            raise Refused(Reason.TAMPERED, f"{self.path}: {ever[0] - count} entries are missing at the end")
        if triggers[0] < 2:
            raise Refused(Reason.TAMPERED, f"{self.path}: a trigger that keeps it append-only is missing")
        return count


def _hash(previous: str, seq: int, environment: str, body: str) -> str:
    return hashlib.sha256(f"{previous}\n{seq}\n{environment}\n{body}".encode()).hexdigest()


def _entry(row: tuple[int, str, str, str, str]) -> Entry:
    seq, environment, text, _previous, link = row
    body = json.loads(text)
    return Entry(seq, environment, body["at"], body["actor"], body["token"], body["event"], body["state"], link)


@contextmanager
def _storage(path: Path) -> Iterator[None]:
    """Turns errors of SQLite and the disk into Failed(STORAGE) with one line."""
    try:
        yield
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
        raise  # a bug here, not the disk
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error) or "not a database" in str(error):
            raise Refused(Reason.TAMPERED, f"{path} is not a ledger any more: {error}") from None
        raise Failed(Reason.STORAGE, f"cannot use {path}: {error}", "make room, or make the folder writable") from None
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot use {path}: {error.strerror}", "make the folder writable") from None
