"""L3: the last good answer to the same question, kept in memory and on disk, so that it survives a restart."""

import asyncio
import hashlib
import json
import sqlite3
import time
import unicodedata
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mooring import private
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.turn import Turn

T = TypeVar("T")

IN_MEMORY, ON_DISK = 1000, 20_000
"""Answers kept at most; the oldest go first."""

LONGEST_TEXT = 16 * 1024
"""Characters of an answer that is kept."""

REFRESH_SECONDS = 60.0
"""An answer younger than this is not written again: a question that is asked a lot costs no disk."""

_SCHEMA = """
create table if not exists answers (key text primary key, text text not null, saved real not null) strict;
create index if not exists answers_saved on answers (saved);
"""
_PRUNE = "delete from answers where key in (select key from answers order by saved desc limit -1 offset ?)"


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
    """Answers by `key`. A failing disk is logged once, and memory serves alone; no method raises for it.

    `path` is a SQLite file that both slots share, None for memory alone. It is used from a thread of its own, and
    nobody waits for a write. Questions are not stored, only their digests.
    """

    def __init__(self, path: Path | None = None, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._memory: OrderedDict[str, Saved] = OrderedDict()
        self._thread: ThreadPoolExecutor | None = None
        self._database: sqlite3.Connection | None = None
        self._failed = False

    def now(self) -> float:
        """Unix time."""
        return self._clock()

    def put(self, key: str, text: str) -> None:
        """Saves an answer; a younger one replaces an older one."""
        now = self._clock()
        known = self._memory.get(key)
        if len(text) > LONGEST_TEXT or (known and now - known.saved < REFRESH_SECONDS):
            return
        self._remember(key, Saved(text, now))
        self._on_disk(lambda database: _write(database, key, text, now))

    async def get(self, key: str, max_age: float) -> Saved | None:
        """The answer saved in the last `max_age` seconds, or None."""
        found = self._memory.get(key)
        if found is None and (work := self._on_disk(lambda database: _read(database, key))) is not None:
            found = await work
            if found is not None:
                self._remember(key, found)
        return found if found and self._clock() - found.saved <= max_age else None

    def shed(self) -> None:
        """Forgets what is in memory; the disk keeps it."""
        self._memory.clear()

    async def close(self) -> None:
        """Flushes and closes the file. Reopens on next use."""
        if self._thread is None:
            return
        if (work := self._on_disk(lambda database: database.close())) is not None:
            await work
        self._thread.shutdown(wait=False)
        self._thread = self._database = None

    def _remember(self, key: str, saved: Saved) -> None:
        self._memory[key] = saved
        self._memory.move_to_end(key)
        if len(self._memory) > IN_MEMORY:
            self._memory.popitem(last=False)

    def _on_disk(self, work: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T | None] | None":
        if self._path is None or self._failed:
            return None
        self._thread = self._thread or ThreadPoolExecutor(1, thread_name_prefix="last-good")
        return asyncio.get_running_loop().run_in_executor(self._thread, self._done, work)

    def _done(self, work: Callable[[sqlite3.Connection], T]) -> T | None:
        try:
            if self._database is None:
                self._database = self._opened()
            return work(self._database)
        except (sqlite3.Error, OSError):
            if not self._failed:
                LOGGER.exception("answers cannot be saved on disk; they stay in memory")
            self._failed = True
            return None

    def _opened(self) -> sqlite3.Connection:
        if self._path is None:
            raise OSError("there is no file")
        private.file(self._path)
        database = sqlite3.connect(self._path, timeout=2, isolation_level=None, check_same_thread=False)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(_SCHEMA)
        database.execute(_PRUNE, (ON_DISK,))
        return database


def _write(database: sqlite3.Connection, key: str, text: str, now: float) -> None:
    database.execute("insert or replace into answers values (?, ?, ?)", (key, text, now))


def _read(database: sqlite3.Connection, key: str) -> Saved | None:
    row = database.execute("select text, saved from answers where key = ?", (key,)).fetchone()
    return Saved(*row) if row else None
