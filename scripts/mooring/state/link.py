"""One connection to the database, without SQLAlchemy, whose import takes longer than a whole rollback may.

For the ledger and its leases alone. What they write survives a power failure, on SQLite too.
"""

import secrets
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from mooring import private
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.state.migrations import fence
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.place.address import Address
from mooring.state.place.file import prepare, which
from mooring.state.place.location import OLD_LEDGER
from mooring.state.records.statements import Statements
from mooring.state.unavailable import IN_THE_WAY, Behind, Moved, Unavailable

T = TypeVar("T")

AGAIN = 10
"""How often work is tried at most that another transaction is in the way of."""

PATIENCE = 3.0
"""Seconds that a process of an earlier version is waited for that has its ledger open."""

_BEGIN = {
    (True, True): "begin",
    (True, False): "begin immediate",
    (False, True): "begin isolation level repeatable read read only",
    (False, False): "begin isolation level read committed",
}
"""How a transaction begins, by whether it is a file and whether it only reads."""

_BUSY_MS = 5000


class Link:
    """Opened at the first use, its tables brought up to date, and the ledger taken over that is in the folder `old`.

    Any thread may use it; one does at a time. `read` and `write` raise Unavailable, and at the first use
    Refused(TAMPERED) or Refused(LOCKED) for an old ledger that cannot be taken over. `patience` is for how many seconds
    the database may say nothing, and another thread may have it.
    """

    def __init__(self, address: Address, old: Path | None = None, patience: float | None = None) -> None:
        self._address, self._old, self._patience = address, old, patience
        self._path = address.file
        self._file: tuple[int, int] | None = None
        self._connection: Any = None
        self._lock = threading.Lock()

    def read(self, work: Callable[[Statements], T]) -> T:
        """The result of statements that change nothing."""
        return self._do(work, reads=True)

    def write(self, work: Callable[[Statements], T]) -> T:
        """The result of work that is done as a whole or not at all. It is done again when others were in the way."""
        return self._do(work, reads=False)

    def close(self) -> None:
        """The next use opens it again."""
        with self._lock:
            self._drop()

    def _do(self, work: Callable[[Statements], T], reads: bool) -> T:
        if not self._lock.acquire(timeout=-1 if self._patience is None else self._patience):
            raise Unavailable("the database does not answer")
        try:
            for left in reversed(range(AGAIN)):
                try:
                    return self._once(_BEGIN[self._path is not None, reads], work)
                except Moved:
                    if not left:
                        raise
                    self._follow()
                except OSError as error:
                    raise Unavailable(error.strerror or type(error).__name__) from error
                except Exception as error:
                    if not _of_driver(error):
                        raise
                    if not left or getattr(error, "sqlstate", None) not in IN_THE_WAY:
                        raise _unavailable(error) from error
                time.sleep(0.001 + secrets.randbelow(20) / 1000)  # so that the same two do not meet again
        finally:
            self._lock.release()
        raise AssertionError

    def _once(self, begin: str, work: Callable[[Statements], T]) -> T:
        connection = self._begun(begin)
        try:
            fence.cross(next(iter(connection.execute(fence.QUERY)), None))
            result = work(Statements(connection))
            connection.execute("commit")
        except BaseException:
            with suppress(Exception):
                connection.execute("rollback")
            raise
        return result

    def _follow(self) -> None:
        """Goes to where the state is now."""
        from mooring.state.transactions import Transactions

        self._drop()
        whole = Transactions(self._address, self._old, self._patience)
        try:
            whole.read(lambda _connection: None)
            self._address = whole.address or self._address
            self._path = self._address.file
        finally:
            whole.close()

    def _begun(self, begin: str) -> Any:
        """A connection in a transaction. One that died meanwhile is replaced: nothing was done with it yet."""
        if self._connection is not None and which(self._path) != self._file:
            self._drop()  # writes to a file that was deleted succeed and are lost
        if self._connection is not None:
            try:
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
        made = _file(self._path) if self._path else _server(self._address, self._patience)
        try:
            if self._left_by_old() or not self._up_to_date(Statements(made)):
                self._prepare(Statements(made))
        except BaseException:
            made.close()
            raise
        self._file = which(self._path)
        return made

    def _up_to_date(self, statements: Statements) -> bool:
        """Whether the tables are there and are this environment's. Whatever else it finds is told by `_prepare`."""
        try:
            whose = statements("select environment from identity")
            return [(len(MIGRATIONS),)] == statements("select count(*) from versions") and (
                whose == [(self._address.environment,)] or not self._address.environment
            )
        except Exception as error:
            if _of_driver(error):
                return False
            raise

    def _prepare(self, statements: Statements) -> None:
        from mooring.state.former import old_ledger
        from mooring.state.transactions import Transactions

        if self._old:
            old_ledger.check(self._old)
        end = time.monotonic() + PATIENCE
        while True:
            whole = Transactions(self._address, self._old, self._patience)
            try:
                whole.read(lambda _connection: None)
            except Behind:
                # A one-way door waits for a deployment; until then the ledger is there for a rollback.
                statements("select 1 from ledger limit 1")
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


def _file(path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        prepare(made, _BUSY_MS, "FULL")
    except BaseException:
        made.close()
        raise
    return made


def _server(address: Address, patience: float | None) -> Any:
    from mooring.state.engine.patient import ANSWER_SECONDS, connect

    made = connect(address, ANSWER_SECONDS if patience is None else patience)
    made.autocommit = True
    made.execute("set synchronous_commit to on")
    return made


def _of_driver(error: Exception) -> bool:
    """Whether it is the database's, and no bug of whoever asked it."""
    if isinstance(error, sqlite3.Error):
        return not isinstance(error, sqlite3.ProgrammingError | sqlite3.IntegrityError)
    psycopg = sys.modules.get("psycopg")
    return psycopg is not None and isinstance(error, psycopg.Error) and not isinstance(error, psycopg.IntegrityError)


def _unavailable(error: Exception) -> Unavailable:
    import sqlalchemy as sa

    from mooring.state.engine.told import told

    kind = sa.exc.OperationalError if "OperationalError" in _names(error) else sa.exc.DatabaseError
    return Unavailable(*told(kind("", {}, error)))


def _names(error: Exception) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}
