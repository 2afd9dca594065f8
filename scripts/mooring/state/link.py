"""One connection to the database, without SQLAlchemy, whose import takes longer than a whole rollback may.

For the ledger and its leases alone. What they write survives a power failure, on SQLite too.
"""

import os
import secrets
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from mooring import private
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.state.limits import LINK, LOCK_MS, STATEMENT_MS
from mooring.state.location import OLD_LEDGER, SCHEMA, file_of
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.statements import Statements
from mooring.state.unavailable import Unavailable

T = TypeVar("T")

AGAIN = 10
"""How often work is tried at most that another transaction is in the way of."""

PATIENCE = 3.0
"""Seconds that a process of an earlier version is waited for that has its ledger open."""

ANSWER = 6.0
"""Seconds after which a server that does not answer a transaction is given up, since it may have been stopped."""

_IN_THE_WAY = ("40001", "40P01")
"""What PostgreSQL calls a serialisation failure and a deadlock."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL")
_SETTINGS = {"search_path": SCHEMA, "statement_timeout": STATEMENT_MS, "lock_timeout": LOCK_MS}
_SETTINGS |= {"synchronous_commit": "on"}


class Link:
    """Opened at the first use, its tables brought up to date, and the ledger taken over that is in the folder `old`.

    Any thread may use it; one does at a time. `read` and `write` raise Unavailable, and at the first use
    Refused(TAMPERED) or Refused(LOCKED) for an old ledger that cannot be taken over.
    """

    def __init__(self, url: str, old: Path | None = None) -> None:
        self._url, self._old = url, old
        self._path = file_of(url)
        self._file: tuple[int, int] | None = None
        self._connection: Any = None
        self._lock = threading.Lock()

    def read(self, work: Callable[[Statements], T]) -> T:
        """The result of statements that change nothing."""
        return self._do("begin" if self._path else "begin isolation level repeatable read read only", work)

    def write(self, work: Callable[[Statements], T]) -> T:
        """The result of work that is done as a whole or not at all. It is done again when others were in the way."""
        return self._do("begin immediate" if self._path else "begin isolation level read committed", work)

    def close(self) -> None:
        """The next use opens it again."""
        with self._lock:
            self._drop()

    def _do(self, begin: str, work: Callable[[Statements], T]) -> T:
        with self._lock:
            for left in reversed(range(AGAIN)):
                try:
                    return self._once(begin, work)
                except OSError as error:
                    raise Unavailable(error.strerror or type(error).__name__) from error
                except Exception as error:
                    if not _of_driver(error):
                        raise
                    if not left or getattr(error, "sqlstate", None) not in _IN_THE_WAY:
                        raise Unavailable(_told(error)) from error
                time.sleep(0.001 + secrets.randbelow(20) / 1000)  # so that the same two do not meet again
        raise AssertionError

    def _once(self, begin: str, work: Callable[[Statements], T]) -> T:
        connection = self._begun(begin)
        try:
            with _answering(connection):
                result = work(Statements(connection))
                connection.execute("commit")
        except BaseException:
            with suppress(Exception):
                connection.execute("rollback")
            raise
        return result

    def _begun(self, begin: str) -> Any:
        """A connection in a transaction. One that died meanwhile is replaced: nothing was done with it yet."""
        if self._connection is not None and self._identity() != self._file:
            self._drop()  # writes to a file that was deleted succeed and are lost
        if self._connection is not None:
            try:
                with _answering(self._connection):
                    self._connection.execute(begin)
                return self._connection
            except Exception as error:
                if not _of_driver(error) or self._path:
                    raise
                self._drop()
        self._connection = self._opened()
        self._connection.execute(begin)
        return self._connection

    def _opened(self) -> Any:
        if self._path:
            private.file(self._path)
        made = _file(self._path) if self._path else _server(self._url)
        try:
            if self._left_by_old() or not _up_to_date(Statements(made)):
                self._prepare()
        except BaseException:
            made.close()
            raise
        self._file = self._identity()
        return made

    def _prepare(self) -> None:
        from mooring.state import old_ledger
        from mooring.state.transactions import Transactions

        if self._old:
            old_ledger.check(self._old)
        end = time.monotonic() + PATIENCE
        while True:
            whole = Transactions(self._url, self._old)
            try:
                whole.read(lambda _connection: None)
            finally:
                whole.close()
            if not self._left_by_old():
                return
            if time.monotonic() > end:
                what = f"{self._old}/{OLD_LEDGER} is in use by a process of an earlier version"
                raise Refused(Reason.LOCKED, what, "wait until that has ended")
            time.sleep(0.2)

    def _left_by_old(self) -> bool:
        return self._old is not None and (self._old / OLD_LEDGER).exists()

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(Exception):
                self._connection.close()
            self._connection = None

    def _identity(self) -> tuple[int, int] | None:
        if self._path is None:
            return None
        with suppress(OSError):
            found = self._path.stat()
            return found.st_dev, found.st_ino
        return (0, 0)


def _file(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, timeout=STATEMENT_MS / 1000, isolation_level=None, check_same_thread=False)
    try:
        for pragma in _PRAGMAS:
            made.execute(f"pragma {pragma}")
    except BaseException:
        made.close()
        raise
    return made


def _server(url: str) -> Any:
    import psycopg

    told: dict[str, Any] = dict(LINK)
    made = psycopg.connect(url.replace("postgresql+psycopg:", "postgresql:", 1), autocommit=True, **told)
    made.execute("; ".join(f"set {name} to {value}" for name, value in _SETTINGS.items()))
    return made


def _up_to_date(statements: Statements) -> bool:
    try:
        return statements("select count(*) from versions") == [(len(MIGRATIONS),)]
    except Exception as error:
        if _of_driver(error):
            return False  # whatever it is, it is found again by who makes the tables
        raise


@contextmanager
def _answering(connection: Any) -> Iterator[None]:
    """Cuts the link to a server that was stopped: libpq would wait for its answer without end."""
    if isinstance(connection, sqlite3.Connection):
        yield
        return
    watch = threading.Timer(ANSWER, _cut, [connection])
    watch.start()
    try:
        yield
    finally:
        watch.cancel()


def _cut(connection: Any) -> None:
    with suppress(Exception), socket.socket(fileno=os.dup(connection.fileno())) as link:
        link.shutdown(socket.SHUT_RDWR)


def _of_driver(error: Exception) -> bool:
    """Whether it is the database's, and no bug of whoever asked it."""
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError)
    psycopg = sys.modules.get("psycopg")
    return psycopg is not None and isinstance(error, psycopg.Error) and not isinstance(error, psycopg.IntegrityError)


def _told(error: Exception) -> str:
    """What may be said of it: no statement, value or address, all of which PostgreSQL's words may hold."""
    if isinstance(error, sqlite3.Error):
        return str(error)
    said: str | None = getattr(getattr(error, "diag", None), "message_primary", None)
    return said[:160] if said and getattr(error, "sqlstate", None) else "the database cannot be reached"
