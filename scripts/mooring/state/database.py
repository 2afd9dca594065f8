"""Transactions for callers in an event loop, in threads of their own."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from mooring import private
from mooring.state.engine import THREADS, engine, file_of
from mooring.state.migrate import migrate
from mooring.state.takeover import take_over
from mooring.state.unavailable import Unavailable

T = TypeVar("T")

Work = Callable[[sa.Connection], T]

MOST = 10_000
"""Transactions that may wait; further ones are refused, so that memory has a bound."""

PATIENCE = 2.0
"""Seconds after which a transaction that waits is given up, so that those behind it do not add up their waiting."""


class Database:
    """Opened, and its tables brought up to date, at the first use, and again when its file is gone.

    One thread writes to SQLite, where one can, and others read. Nobody but who awaits a transaction waits for it.
    `url` is None where nothing may be kept. `old` is a folder with what earlier versions
    kept there. Every method raises Unavailable.
    """

    def __init__(self, url: str | None, old: Path | None = None) -> None:
        self._url, self._old = url, old
        self._path = file_of(url) if url else None
        self._known: tuple[int, int] | None = None
        self._engine: sa.Engine | None = None
        self._own = threading.local()
        self._kept: list[sa.Connection] = []
        self._opening = threading.Lock()
        self._room = threading.BoundedSemaphore(MOST)
        writers = 1 if self._path else THREADS
        self._writers = ThreadPoolExecutor(writers, thread_name_prefix="state-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="state-read") if self._path else self._writers

    async def open(self) -> None:
        """Opens it now. It may also be left to the first use."""
        await self.read(lambda connection: connection.exec_driver_sql("select 1"))

    async def read(self, work: Work[T]) -> T:
        """The result of a statement that changes nothing."""
        return await self._given(self._readers, self._read, work)

    async def write(self, work: Work[T]) -> T:
        """The result of work that is done as a whole or not at all."""
        return await self._given(self._writers, self._write, work)

    async def ping(self) -> float:
        """Seconds that it takes to answer."""
        started = time.perf_counter()
        await self.open()
        return time.perf_counter() - started

    async def close(self) -> None:
        """Closes it after what was asked so far is done. To be called once."""
        await asyncio.to_thread(self._close)

    def _given(
        self, threads: ThreadPoolExecutor, how: Callable[[sa.Engine, Work[T]], T], work: Work[T]
    ) -> "asyncio.Future[T]":
        if not self._room.acquire(blocking=False):
            raise Unavailable("too much waits for the database")
        try:
            given = threads.submit(self._do, how, work, time.monotonic() + PATIENCE)
        except RuntimeError:
            self._room.release()
            raise Unavailable("the database is closed") from None
        given.add_done_callback(lambda _: self._room.release())
        return asyncio.wrap_future(given)

    def _do(self, how: Callable[[sa.Engine, Work[T]], T], work: Work[T], end: float) -> T:
        if time.monotonic() > end:
            raise Unavailable("the database is too slow")
        try:
            return how(self._ready(end), work)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise Unavailable(_told(error)) from error

    def _read(self, engine: sa.Engine, work: Work[T]) -> T:
        with self._connected(engine, reads=True) as connection, connection.begin():
            return work(connection)

    def _write(self, engine: sa.Engine, work: Work[T]) -> T:
        with self._connected(engine) as connection, connection.begin():
            return work(connection)

    @contextmanager
    def _connected(self, engine: sa.Engine, reads: bool = False) -> Iterator[sa.Connection]:
        """A connection. A thread keeps its own to a file, which costs less; one to a server may have been lost."""
        if self._path is None:
            with engine.connect().execution_options(mooring_read=reads) as connection:
                yield connection
            return
        kept: sa.Connection | None = getattr(self._own, "connection", None)
        if kept is None or kept.engine is not engine:
            if kept is not None:
                kept.close()
            kept = self._own.connection = engine.connect().execution_options(mooring_read=reads)
            self._kept.append(kept)
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

    def _close(self) -> None:
        for threads in {self._writers, self._readers}:
            threads.shutdown()
        for connection in self._kept:
            connection.close()
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None


def _told(error: Exception) -> str:
    """What a client may know of a failure: no statement, value or address. PostgreSQL has values in later lines."""
    cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(error, sa.exc.OperationalError) and getattr(cause, "sqlstate", "") is None:
        return "the database cannot be reached"
    return " ".join(str(cause).split("\n")[0].split())[:160] or type(error).__name__
