"""Every turn of every conversation on disk, written before anything is trimmed; shared by both slots."""

import asyncio
import os
import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from mooring import private
from mooring.runtime.core.problems import Problem

T = TypeVar("T")

_BUSY_SECONDS = 0.5
_SCHEMA = """
create table if not exists conversations (
    id text primary key, agent text not null, created real not null, updated real not null, keep_until real not null,
    version integer not null, bytes integer not null, holder text, until real not null default 0
) strict, without rowid;
create index if not exists conversations_keep_until on conversations (keep_until);
create table if not exists turns (
    conversation text not null, version integer not null, run text not null, said real not null,
    messages blob not null, primary key (conversation, version), unique (conversation, run)
) strict, without rowid;
"""


@dataclass(frozen=True)
class Header:
    """What is known of a conversation without its turns. `version` is the number of turns ever added."""

    id: str
    agent: str
    created: float
    updated: float
    version: int
    bytes: int


@dataclass(frozen=True)
class StoredTurn:
    """One turn: its number, when it ended (Unix time), and its messages as JSON."""

    version: int
    said: float
    messages: bytes


@dataclass(frozen=True)
class NewTurn:
    """A turn to be added, by the run that made it."""

    conversation: str
    agent: str
    run: str
    messages: bytes
    said: float
    keep_until: float


class Archive:
    """A SQLite file in WAL mode, used from a thread of its own. Opened at the first use, and again when it is gone.

    Methods raise Problem("storage_unavailable") when the disk or the database does not cooperate.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._me = f"{os.getpid()}-{secrets.token_hex(8)}"
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="conversations")
        self._database: sqlite3.Connection | None = None
        self._inode = 0

    async def close(self) -> None:
        """Closes the file after what was asked so far is done."""
        if self._database is not None:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._database.close)
        self._database = None
        self._thread.shutdown()

    async def claim(self, name: str, agent: str, seconds: float, keep_seconds: float) -> Header | None:
        """Takes a conversation for one turn, at most for `seconds`; None while another process has it.

        A new one is begun. What a dead process has taken is free.
        """
        now, me = self._clock(), self._me

        def claim(database: sqlite3.Connection) -> Header | None:
            database.execute(
                "insert or ignore into conversations (id, agent, created, updated, keep_until, version, bytes)"
                " values (?, ?, ?, ?, ?, 0, 0)",
                (name, agent, now, now, now + keep_seconds),
            )
            query = "select holder, until from conversations where id = ?"
            holder, until = database.execute(query, (name,)).fetchone()
            if holder not in (None, me) and until > now and _lives(holder):
                return None
            change = "update conversations set holder = ?, until = ? where id = ?"
            database.execute(change, (me, now + seconds, name))
            return _header(database, name)

        return await self._do(claim)

    async def let_go(self, name: str) -> None:
        """Ends its own claim."""
        change = "update conversations set holder = null where id = ? and holder = ?"
        await self._do(lambda database: database.execute(change, (name, self._me)))

    async def add(self, turn: NewTurn) -> bool:
        """Adds a turn and ends the claim; False when the run added it before."""

        def add(database: sqlite3.Connection) -> bool:
            known = "select 1 from turns where conversation = ? and run = ?"
            if database.execute(known, (turn.conversation, turn.run)).fetchone():
                return False
            [(version,)] = database.execute(
                "insert into conversations (id, agent, created, updated, keep_until, version, bytes)"
                " values (?1, ?2, ?3, ?3, ?4, 1, ?5) on conflict (id) do update set"
                " version = version + 1, updated = ?3, keep_until = max(keep_until, ?4), bytes = bytes + ?5,"
                " holder = null returning version",
                (turn.conversation, turn.agent, turn.said, turn.keep_until, len(turn.messages)),
            ).fetchall()
            row = (turn.conversation, version, turn.run, turn.said, turn.messages)
            database.execute("insert into turns values (?, ?, ?, ?, ?)", row)
            return True

        return await self._do(add)

    async def header(self, name: str) -> Header | None:
        """A conversation, or None."""
        return await self._read(lambda database: _header(database, name))

    async def positions(self, name: str, runs: Sequence[str]) -> dict[str, int]:
        """The numbers of the turns that `runs` added, by run; of those that added none there is none."""
        marks = ", ".join("?" * len(runs))
        query = f"select run, version from turns where conversation = ? and run in ({marks})"  # noqa: S608 - marks
        return dict(await self._read(lambda database: database.execute(query, (name, *runs)).fetchall()))

    async def copy(self, name: str, branch: str, version: int, keep_until: float) -> None:
        """Begins `branch` with the turns of a conversation up to number `version`. Does nothing when it has begun."""

        def copy(database: sqlite3.Connection) -> None:
            done = database.execute(
                "insert or ignore into conversations (id, agent, created, updated, keep_until, version, bytes)"
                " select ?1, agent, ?2, ?2, ?3, ?4, (select coalesce(sum(length(messages)), 0) from turns"
                " where conversation = ?5 and version <= ?4) from conversations where id = ?5",
                (branch, self._clock(), keep_until, version, name),
            )
            if done.rowcount > 0:
                turns = "insert into turns select ?, version, run, said, messages from turns"
                database.execute(f"{turns} where conversation = ? and version <= ?", (branch, name, version))

        await self._do(copy)

    async def turns(self, name: str, after: int = 0, last: int = -1) -> list[StoredTurn]:
        """Turns in order: those with a number above `after`, and of these the `last` ones."""
        query = "select version, said, messages from turns where conversation = ? and version > ?"
        order = " order by version desc limit ?"
        rows = await self._read(lambda database: database.execute(query + order, (name, after, last)).fetchall())
        return [StoredTurn(*row) for row in reversed(rows)]

    async def delete(self, name: str) -> bool:
        """Deletes a conversation with all its turns; False when there is none."""

        def delete(database: sqlite3.Connection) -> bool:
            database.execute("delete from turns where conversation = ?", (name,))
            return database.execute("delete from conversations where id = ?", (name,)).rowcount > 0

        return await self._do(delete)

    async def sweep(self, most: int = 100) -> int:
        """Deletes conversations whose time in the archive is over, at most so many; how many."""
        old = "select id from conversations where keep_until < ? limit ?"
        values = (self._clock(), most)
        names = [row[0] for row in await self._read(lambda database: database.execute(old, values).fetchall())]
        for name in names:
            await self.delete(name)
        return len(names)

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        return await self._do(work, "begin")

    async def _do(self, work: Callable[[sqlite3.Connection], T], begin: str = "begin immediate") -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._run, work, begin)
        except (sqlite3.Error, OSError) as error:
            raise Problem("storage_unavailable", f"conversations cannot be stored now ({error})") from error

    def _run(self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        """Does the work in one transaction."""
        if self._database is not None and not self._is_there():
            self._database.close()
            self._database = None
        if self._database is None:
            self._database = self._connect()
        database = self._database
        database.execute(begin)
        try:
            result = work(database)
        except BaseException:
            with suppress(sqlite3.Error):
                database.execute("rollback")
            raise
        database.execute("commit")
        return result

    def _is_there(self) -> bool:
        """Whether the file that is open is the one at its path: writes to a deleted file succeed and are lost."""
        with suppress(OSError):
            return self._path.stat().st_ino == self._inode
        return False

    def _connect(self) -> sqlite3.Connection:
        private.file(self._path)
        database = sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(_SCHEMA)
        self._inode = self._path.stat().st_ino
        return database


def _header(database: sqlite3.Connection, name: str) -> Header | None:
    query = "select id, agent, created, updated, version, bytes from conversations where id = ?"
    row = database.execute(query, (name,)).fetchone()
    return Header(*row) if row else None


def _lives(holder: str) -> bool:
    try:
        os.kill(int(holder.partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
