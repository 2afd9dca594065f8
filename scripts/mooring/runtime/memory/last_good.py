"""L3: the last good answer to the same question, kept in memory and in the database, so that it survives a restart."""

import asyncio
import hashlib
import json
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.turn import Turn
from mooring.state.database import Database
from mooring.state.runs import answers
from mooring.state.unavailable import Unavailable

IN_MEMORY, STORED = 1000, 20_000
"""Answers kept at most; the oldest go first."""

LONGEST_TEXT = 16 * 1024
"""Characters of an answer that is kept."""

REFRESH_SECONDS = 60.0
"""An answer younger than this is not written again: a question that is asked a lot costs no write."""

PRUNE_WRITES = 1000
"""Between two looks for answers that are too many; the first one is at the first write of a process."""

RETRY_SECONDS = 30.0
"""How long a database that failed is let alone: the rung that needs it is there for bad times, and must be quick."""


@dataclass(frozen=True)
class Saved:
    """An answer, and when it was saved, in Unix time."""

    text: str
    saved: float


def key(about: str, turn: Turn, tenant: str = "") -> str:
    """What a question is known by: a digest of it, normalised, with its inputs, and of `about`, what answers it.

    One tenant's answer is never another's.
    """
    words = " ".join(unicodedata.normalize("NFKC", turn.message).casefold().split()).rstrip("?!. ")
    told = json.dumps([about, words, dict(turn.variables), *filter(None, [tenant])], sort_keys=True)
    return hashlib.sha256(told.encode()).hexdigest()


class LastGoodStore:
    """Answers by `key`. A database that fails is logged once, and memory serves alone; no method raises for it.

    Without a database there is memory alone. Nobody waits for a write. Questions are not stored, only their digests.
    """

    def __init__(self, database: Database | None = None, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._memory: OrderedDict[str, Saved] = OrderedDict()
        self._writes: set[asyncio.Task[None]] = set()
        self._written = 0
        self._failed_at: float | None = None

    def now(self) -> float:
        """Unix time."""
        return self._clock()

    def put(self, key: str, text: str, tenant: str = "") -> None:
        """Saves an answer; a younger one replaces an older one."""
        now = self._clock()
        known = self._memory.get(key)
        if len(text) > LONGEST_TEXT or (known and now - known.saved < REFRESH_SECONDS):
            return
        self._remember(key, Saved(text, now))
        if self._database is not None and self._works():
            task = asyncio.get_running_loop().create_task(self._write(self._database, key, tenant, Saved(text, now)))
            self._writes.add(task)
            task.add_done_callback(self._writes.discard)

    async def get(self, key: str, max_age: float) -> Saved | None:
        """The answer saved in the last `max_age` seconds, or None."""
        found = self._memory.get(key)
        if found is None and self._database is not None and self._works():
            found = await self._read(self._database, key)
        return found if found and self._clock() - found.saved <= max_age else None

    def shed(self) -> None:
        """Forgets what is in memory; the database keeps it."""
        self._memory.clear()

    async def close(self) -> None:
        """Waits for what is being written."""
        await asyncio.gather(*self._writes)

    def _remember(self, key: str, saved: Saved) -> None:
        self._memory[key] = saved
        self._memory.move_to_end(key)
        if len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)

    async def _read(self, database: Database, key: str) -> Saved | None:
        # Behind what is being written, so that what was saved and shed is found.
        await self.close()
        try:
            row = await database.read(lambda connection: answers.get(connection, key))
        except Unavailable:
            self._failed()
            return None
        if row is None:
            return None
        self._remember(key, Saved(*row))
        return Saved(*row)

    async def _write(self, database: Database, key: str, tenant: str, saved: Saved) -> None:
        def put(connection: sa.Connection) -> None:
            answers.put(connection, key, tenant, saved.text, saved.saved)
            if prune:
                answers.prune(connection, STORED)

        prune, self._written = self._written % PRUNE_WRITES == 0, self._written + 1
        try:
            await database.write(put)
            self._failed_at = None
        except Unavailable:
            self._failed()

    def _works(self) -> bool:
        return self._failed_at is None or time.monotonic() - self._failed_at > RETRY_SECONDS

    def _failed(self) -> None:
        if self._failed_at is None:
            LOGGER.exception("answers cannot be saved; they stay in memory")
        self._failed_at = time.monotonic()
