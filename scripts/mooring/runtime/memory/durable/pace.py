"""Whether the database keeps up, and how long it is worth to wait for it."""

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE = 1.0
"""Seconds that one transaction may take; after that nobody waits for the database any more."""

SILENCE = 10.0
"""Seconds without a single write after which nobody waits either.

This is longer: under load the thread that writes gets hardly any processor time. If answers were given without waiting
for it then, it would get none at all, and what waits to be written would grow without end.
"""


class Pace:
    """What waits to be written, and when something last was.

    `trouble` says why nothing can be written, or "". `busy` is how many seconds the oldest transaction has taken.
    """

    def __init__(self, trouble: Callable[[], str], busy: Callable[[], float]) -> None:
        self._trouble, self._busy = trouble, busy
        self._loop = asyncio.get_running_loop()
        self._waiting: dict[object, float] = {}
        self._progress = 0.0

    @property
    def waiting(self) -> int:
        """How many things wait."""
        return len(self._waiting)

    @property
    def age(self) -> float:
        """Seconds that the oldest has waited."""
        return self._loop.time() - next(iter(self._waiting.values())) if self._waiting else 0.0

    @property
    def stalled(self) -> bool:
        """Whether nothing is written though it ought to be."""
        return bool(self._trouble()) or bool(self._waiting and self._left() <= 0)

    def begin(self, what: object) -> None:
        """Something waits from now."""
        self._waiting[what] = self._loop.time()

    def end(self, what: object) -> None:
        """It is written, or no longer needs to be."""
        self._progress = self._loop.time()
        self._waiting.pop(what, None)

    async def wait(self, written: "asyncio.Future[Any]") -> None:
        """Waits for something that was begun, while the database takes anything at all: it may only be busy."""
        while not written.done() and (left := self._left()) > 0:
            await asyncio.wait({written}, timeout=left)

    def _left(self) -> float:
        """Seconds to wait before looking again; 0 or less when it is not worth it."""
        if self._trouble() or not self._waiting:
            return 0.0
        silent = self._loop.time() - max(self._progress, next(iter(self._waiting.values())))
        return min(PATIENCE - self._busy(), SILENCE - silent)
