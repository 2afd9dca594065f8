"""A spare process of a live slot's release: ready, and accepting nothing until the first process dies."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

from mooring.errors import Stopped
from mooring.targets.local.replacement import GONE, Spawn, Successor

log = logging.getLogger("mooring.supervisor")

LOOK = 0.5
"""Seconds between two checks whether a spare is wanted and healthy."""

AFTER = 1.0
"""Seconds the live process serves alone, so that a start in its first moments does not slow it down."""

LONGEST_REST = 60.0
"""Seconds between two starts of spares that end by themselves, at most; the first pause is a second."""


class Spare:
    """Of one slot with this `door`. `wanted` is the digest it is to hold, or None while there is to be none.

    It never executes what the live process does alone: canaries ask only where the slot accepts, and runs are claimed.
    """

    def __init__(self, door: Path, wanted: Callable[[], str | None], spawn: Callable[[str], Spawn]) -> None:
        self._door, self._wanted, self._spawn = door, wanted, spawn
        self._successor: Successor | None = None
        self._digest: str | None = None
        self._ready = False
        self._ends = 0
        self._rest_until = 0.0

    @property
    def state(self) -> str | None:
        """`starting`, `ready`, or None when there is none."""
        return None if self._successor is None else "ready" if self._ready else "starting"

    def take(self, digest: str | None) -> Successor | None:
        """Hands over the process, if it is ready with this release; it is no spare any more."""
        successor = self._successor if self._ready and self._digest == digest else None
        if successor is not None:
            self._successor, self._ready = None, False
        return successor

    def drop(self) -> None:
        """Ends the process, if there is one."""
        if self._successor is not None:
            self._successor.give_up()
        self._successor, self._ready = None, False

    def adopt(self, successor: Successor, digest: str) -> None:
        """Takes over a ready process that an earlier supervisor started."""
        self.drop()
        self._successor, self._digest, self._ready = successor, digest, True

    async def run(self) -> None:
        """Keeps one there while it is wanted, until cancelled. The process continues then."""
        while True:
            await asyncio.sleep(LOOK)
            digest = self._wanted()
            if self._successor is not None and digest != self._digest:
                self.drop()
            if digest is None or time.monotonic() < self._rest_until:
                continue
            if self._successor is None:
                await self._start(digest)
            elif not await self._successor.well():
                self._ended("ended")

    async def _start(self, digest: str) -> None:
        await asyncio.sleep(AFTER)
        if self._wanted() != digest:
            return
        self._successor, self._digest = Successor(self._door), digest
        successor = self._successor
        try:
            successor.start(self._spawn(digest))
            await successor.ready(lambda: self._wanted() == digest and self._successor is successor)
        except (*GONE, Stopped) as error:
            if self._successor is successor:
                self._ended(str(error))
            return
        if self._successor is successor:
            self._ready, self._ends = True, 0
            log.info("%s: process %s stands by", self._door.name, successor.pid)

    def _ended(self, why: str) -> None:
        """Nobody wanted it to end: waits longer each time before the next start."""
        self.drop()
        self._rest_until = time.monotonic() + min(LONGEST_REST, 2.0**self._ends)
        self._ends += 1
        log.warning("%s: its spare process is gone: %s", self._door.name, why)
