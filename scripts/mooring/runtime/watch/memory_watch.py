"""Watches what a slot keeps in memory: sheds what can be had again, and asks to be replaced before it is too much."""

import asyncio
import ctypes
import gc
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import psutil

from mooring.runtime.core.logs import LOGGER
from mooring.spec.resilience import Memory

EVERY = 1.0
"""Seconds between two looks."""

REST = 30.0
"""Seconds between two sheddings: collecting garbage holds up the event loop for a moment."""

Shed = Callable[[], None]
Rss = Callable[[], int]


def resident() -> int:
    """Bytes of this process in memory."""
    return int(psutil.Process().memory_info().rss)


class MemoryWatch:
    """Memory against the strictest limit of the profiles in use. `on_ratio` is told at every look.

    `replace` becomes true when the limit is reached and shedding did not help; the supervisor reads it at the
    admin door, starts another process, and lets this one drain.
    """

    def __init__(
        self,
        policies: Iterable[Memory],
        sheds: Sequence[Shed],
        on_ratio: Callable[[float], None],
        rss: Rss = resident,
        clock: Callable[[], float] = time.monotonic,
        free: Shed | None = None,
    ) -> None:
        strict = list(policies) or [Memory()]
        self.limit = min(policy.limit_mib for policy in strict) * 2**20
        self.shed_ratio = min(policy.shed_ratio for policy in strict)
        self.replace = False
        self.ratio = 0.0
        self._sheds, self._on_ratio, self._rss, self._clock = sheds, on_ratio, rss, clock
        self._free = free or give_back
        self._shed_at = -REST
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Looks every second from now on."""
        if self._task is None:
            self._task = asyncio.create_task(self._looking())

    async def close(self) -> None:
        """Looks no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def look(self) -> None:
        """Measures, and does what has to be done."""
        self._measure()
        if self.ratio >= self.shed_ratio and self._clock() - self._shed_at >= REST:
            self._shed()
        if self.ratio >= 1 and not self.replace:
            self.replace = True
            LOGGER.error("memory limit reached; waiting to be replaced", extra=self._facts())

    def _shed(self) -> None:
        LOGGER.warning("memory runs short; shedding", extra=self._facts())
        self._shed_at = self._clock()
        for shed in self._sheds:
            shed()
        self._free()
        self._measure()

    def _measure(self) -> None:
        self.ratio = round(self._rss() / self.limit, 4)
        self._on_ratio(self.ratio)

    def _facts(self) -> dict[str, float]:
        return {"ratio": self.ratio, "limit_mib": self.limit >> 20}

    async def _looking(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(EVERY)


def give_back() -> None:
    """Frees what nobody refers to, and hands free memory back to the system where libc can (glibc: malloc_trim)."""
    gc.collect()
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)
