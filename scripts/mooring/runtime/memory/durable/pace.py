"""Whether the database keeps up, and how long it is worth to wait for it."""

import asyncio
from collections.abc import Callable
from typing import Any

PATIENCE = 1.0
"""Seconds without a single write after which nobody waits for the database any more."""


class Pace:
    """What waits to be written, and when something last was. `trouble` says why nothing can be, or ""."""

    def __init__(self, trouble: Callable[[], str]) -> None:
        self._trouble = trouble
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
        """It is written, or does not matter any more."""
        self._progress = self._loop.time()
        self._waiting.pop(what, None)

    async def wait(self, written: "asyncio.Future[Any]") -> None:
        """Waits for something that was begun, while the database takes anything at all: it may only be busy."""
        while not written.done() and (left := self._left()) > 0:
            await asyncio.wait({written}, timeout=left)

    def _left(self) -> float:
        if self._trouble() or not self._waiting:
            return 0.0
        return max(self._progress, next(iter(self._waiting.values()))) + PATIENCE - self._loop.time()
