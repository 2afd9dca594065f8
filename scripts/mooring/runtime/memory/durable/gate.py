"""Lets writes through while the database takes them, and holds them while it does not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import sqlalchemy as sa

T = TypeVar("T")

PAUSE = 0.25
"""Seconds between two tries while the database takes nothing."""


class Gone(Exception):
    """What ought to be in the database is not: its file was removed, or a row of it."""


TROUBLE = (sa.exc.SQLAlchemyError, OSError, Gone)
_OURS = (sa.exc.DataError, sa.exc.IntegrityError)
"""Not the database's fault, and no better at the next try."""


class Gate:
    """After a failure one writer at a time tries, until the database is back; the others wait behind it.

    `mend` is called before each of those tries; it raises one of `TROUBLE` while there is nothing to be done.
    """

    def __init__(self, broken: Callable[[], bool], mend: Callable[[], Awaitable[None]]) -> None:
        self._broken, self._mend = broken, mend
        self._one, self._opened = asyncio.Lock(), asyncio.Event()
        self.reason = "the database is not open yet"

    def open(self) -> None:
        """Lets the first one through; until then all wait."""
        self.reason = ""
        self._opened.set()

    async def through(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` returns, as soon as the database lets it. Work that failed is done again."""
        await self._opened.wait()
        while True:
            if not self.reason:
                try:
                    return await self._tried(work)
                except TROUBLE as error:
                    self._close(error)
            async with self._one:
                try:
                    if self.reason:
                        await self._mend()
                    value = await self._tried(work)
                    self.reason = ""
                    return value
                except TROUBLE as error:
                    self._close(error)
                    await asyncio.sleep(PAUSE)

    def _close(self, error: Exception) -> None:
        if isinstance(error, _OURS):
            raise error
        self.reason = told(error)

    async def _tried(self, work: Callable[[], Awaitable[T]]) -> T:
        if self._broken():
            raise Gone("the database's file is not the one it was")
        return await work()


def told(error: BaseException) -> str:
    """What a person is told of a failure: without statements, values and addresses."""
    cause = getattr(error, "orig", None) or error
    return " ".join(str(cause).split("\n")[0].split())[:160] or type(error).__name__
