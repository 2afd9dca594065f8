"""Transactions for callers that may wait: commands, the supervisor, and the threads of `Database`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from mooring import private
from mooring.state import files
from mooring.state.engine import engine, file_of
from mooring.state.migrate import migrate
from mooring.state.takeover import take_over
from mooring.state.unavailable import Unavailable

T = TypeVar("T")

Work = Callable[[sa.Connection], T]

OPENING = 10.0
"""Seconds that a caller waits while another thread opens the database, unless it says otherwise."""


class Transactions:
    """Opened, and its tables brought up to date, at the first use, and again when its file is gone.

    `url` is None where nothing may be kept. `old` is a folder with what earlier versions kept there. Any thread may
    use it. Every method raises Unavailable.
    """

    def __init__(self, url: str | None, old: Path | None = None) -> None:
        self._url, self._old = url, old
        self._path = file_of(url) if url else None
        self._known: tuple[int, int] | None = None
        self._engine: sa.Engine | None = None
        self._own = threading.local()
        self._kept: list[sa.Connection] = []
        self._opening = threading.Lock()

    @property
    def begun(self) -> bool:
        """Whether there may be anything to read: in a folder that nobody made, there is not."""
        return self._path is None or self._path.parent.is_dir()

    def read(self, work: Work[T], patience: float = OPENING) -> T:
        """The result of a statement that changes nothing."""
        return self._do(work, patience, reads=True)

    def write(self, work: Work[T], patience: float = OPENING) -> T:
        """The result of work that is done as a whole or not at all."""
        return self._do(work, patience, reads=False)

    def close(self) -> None:
        """To be called once nobody uses it."""
        for connection in self._kept:
            connection.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _do(self, work: Work[T], patience: float, reads: bool) -> T:
        try:
            engine = self._ready(time.monotonic() + patience)
            with self._connected(engine, reads) as connection, connection.begin():
                return work(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Unavailable(_told(error)) from error

    @contextmanager
    def _connected(self, engine: sa.Engine, reads: bool) -> Iterator[sa.Connection]:
        """A connection. A thread keeps its own to a file, which costs less; one to a server may have been lost."""
        if self._path is None:
            with engine.connect().execution_options(mooring_read=reads) as connection:
                yield connection
            return
        kept: sa.Connection | None = getattr(self._own, "connection", None)
        if kept is None or kept.engine is not engine:
            if kept is not None:
                kept.close()
            kept = self._own.connection = engine.connect()
            self._kept.append(kept)
        kept.execution_options(mooring_read=reads)
        yield kept

    def _ready(self, end: float) -> sa.Engine:
        if self._engine is not None and self._identity() == self._known:
            return self._engine
        if not self._opening.acquire(timeout=max(0.0, end - time.monotonic())):
            raise Unavailable("the database does not answer")
        try:
            if self._engine is None or self._identity() != self._known:
                self._engine = self._opened()
            return self._engine
        finally:
            self._opening.release()

    def _opened(self) -> sa.Engine:
        if self._url is None:
            raise Unavailable("there is no database here")
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None
        if self._path:
            private.file(self._path)
        made = engine(self._url)
        try:
            migrate(made)
            if self._old:
                take_over(made, self._old)
                files.take_over(made, self._old)
        except BaseException:
            made.dispose()
            raise
        self._known = self._identity()
        return made

    def _identity(self) -> tuple[int, int] | None:
        """Which file is at the path: writes to one that was deleted succeed and are lost."""
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0)
        return found.st_dev, found.st_ino


def _told(error: Exception) -> str:
    """What a client may know of a failure: no statement, value or address. PostgreSQL has values in later lines."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(error, sa.exc.OperationalError) and getattr(cause, "sqlstate", "") is None:
        return "the database cannot be reached"
    return " ".join(str(cause).split("\n")[0].split())[:160] or type(error).__name__
