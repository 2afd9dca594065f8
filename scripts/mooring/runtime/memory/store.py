"""Runs without checkpoints, shared by both slots: one may start a run and the other report it."""

import time
from collections.abc import Callable

import sqlalchemy as sa

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.storage import storing
from mooring.state.database import Database, T, Work
from mooring.state.runs import runs
from mooring.state.runs.runs import StoredRun

__all__ = ["KEPT_SECONDS", "RunStore", "StoredRun"]

KEPT_SECONDS = 7 * 24 * 3600.0
"""How long a run can be asked for after it last changed."""


class RunStore:
    """Methods raise Problem("storage_unavailable") when the database does not cooperate."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._left: tuple[str, float] | None = None

    async def open(self, slot: str) -> None:
        """Ends runs that a dead process of this slot left running: now, or before the next write if that fails.

        The slot may have another process, which is at its runs: this one may be its spare.
        """
        self._left = slot, self._clock()
        await self._write(lambda connection: None)

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""
        with storing("runs"):
            return await self._database.ping()

    async def put(self, run: StoredRun) -> None:
        """Writes a run, new or changed, and forgets those that are too old."""
        await self._write(lambda connection: runs.put(connection, run))

    async def add(self, run: StoredRun) -> bool:
        """Writes a new run; False when one of its name is there, which stays as it is."""
        return await self._write(lambda connection: runs.add(connection, run))

    async def remove(self, run: str) -> None:
        """Removes a run, if it is there."""
        await self._write(lambda connection: runs.remove(connection, run))

    async def get(self, run: str) -> StoredRun | None:
        """A run by its id, or None."""
        if "\0" in run:  # which no run has, and PostgreSQL would not look for
            return None
        with storing("runs"):
            return await self._database.read(lambda connection: runs.get(connection, run))

    async def claim(self, run: str, slot: str) -> StoredRun | None:
        """Takes a run that waits for approval, for this slot to go on with; None when it does not wait."""
        return await self._write(lambda connection: runs.claim(connection, run, slot, self._clock()))

    async def _write(self, work: Work[T]) -> T:
        left = self._left

        def write(connection: sa.Connection) -> T:
            now = self._clock()
            if left:
                runs.end_left(connection, left[0], _INTERRUPTED, left[1], now)
            runs.forget(connection, now - KEPT_SECONDS)
            return work(connection)

        with storing("runs"):
            done = await self._database.write(write)
        self._left = None
        return done


_INTERRUPTED = Problem("run_interrupted", "the slot that ran it has ended").body()["error"]
