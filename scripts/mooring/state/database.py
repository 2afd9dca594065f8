"""Transactions for callers in an event loop, in threads of their own."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mooring.state.engine.engine import THREADS
from mooring.state.place.address import Address
from mooring.state.transactions import T, Transactions, Work
from mooring.state.unavailable import Unavailable

__all__ = ["Database", "T", "Work"]

MOST = 10_000
"""Transactions that may wait; further ones are refused, so that memory has a bound."""

PATIENCE = 2.0
"""Seconds after which a transaction that waits is given up, so that those behind it do not add up their waiting."""


class Database:
    """`Transactions` that hold up nobody but who awaits them.

    One thread writes to SQLite, where one can, and others read. `where` is None where nothing may be kept. `old` is a
    folder with what earlier versions kept there. Every method raises Unavailable.
    """

    def __init__(self, where: str | Address | None, old: Path | None = None) -> None:
        self._transactions = Transactions(where, old)
        file = Address.of(where).file if where else None
        self._room = threading.BoundedSemaphore(MOST)
        self._writers = ThreadPoolExecutor(1 if file else THREADS, thread_name_prefix="state-write")
        self._readers = ThreadPoolExecutor(2, thread_name_prefix="state-read") if file else self._writers

    async def open(self) -> None:
        """Opens it now. It may also be left to the first use."""
        await self.read(lambda connection: connection.exec_driver_sql("select 1"))

    async def read(self, work: Work[T]) -> T:
        """The result of a statement that changes nothing."""
        return await self._given(self._readers, self._transactions.read, work)

    async def write(self, work: Work[T]) -> T:
        """The result of work that is done as a whole or not at all."""
        return await self._given(self._writers, self._transactions.write, work)

    async def ping(self) -> float:
        """Seconds that it takes to answer."""
        started = time.perf_counter()
        await self.open()
        return time.perf_counter() - started

    async def close(self) -> None:
        """Closes it after what was asked so far is done. To be called once."""
        await asyncio.to_thread(self._close)

    def _given(
        self, threads: ThreadPoolExecutor, how: Callable[[Work[T], float], T], work: Work[T]
    ) -> "asyncio.Future[T]":
        if not self._room.acquire(blocking=False):
            raise Unavailable("too much waits for the database")
        try:
            given = threads.submit(_in_time, how, work, time.monotonic() + PATIENCE)
        except RuntimeError:
            self._room.release()
            raise Unavailable("the database is closed") from None
        given.add_done_callback(lambda _: self._room.release())
        return asyncio.wrap_future(given)

    def _close(self) -> None:
        for threads in {self._writers, self._readers}:
            threads.shutdown()
        self._transactions.close()


def _in_time(how: Callable[[Work[T], float], T], work: Work[T], end: float) -> T:
    if time.monotonic() > end:
        raise Unavailable("the database is too slow")
    return how(work, end - time.monotonic())
