"""Runs on disk, shared by both slots: one may start a run and the other report it."""

import asyncio
import json
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from mooring import private
from mooring.runtime.core.problems import Problem

T = TypeVar("T")

KEPT_SECONDS = 7 * 24 * 3600.0
"""How long a run can be asked for after it last changed."""

_BUSY_MS = 2000
_PROCESS = "json_extract(data, '$.process')"
_ROW = "into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SCHEMA = """
create table if not exists runs (
    id text primary key, agent text not null, release text not null, slot text not null, status text not null,
    created real not null, updated real not null, data text not null, messages blob
) strict;
create index if not exists runs_updated on runs (updated);
"""


@dataclass(frozen=True)
class StoredRun:
    """A run as it stands. `data` is what a client may see of it; `messages` is the conversation while it waits."""

    id: str
    agent: str
    release: str
    slot: str
    status: str
    created: float
    updated: float
    data: dict[str, Any]
    messages: bytes | None = None


class RunStore:
    """A SQLite file in WAL mode, used from one thread of its own so that a slow disk holds up nobody else.

    Methods raise Problem("storage_unavailable") when the disk or the database does not cooperate.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="runs")
        self._database: sqlite3.Connection | None = None

    async def open(self, slot: str) -> None:
        """Opens the file and ends runs that a dead process of this slot left running.

        The slot may have another process, which is at its runs: this one may be its spare.
        """
        error = json.dumps(Problem("run_interrupted", "the slot that ran it has ended").body()["error"])
        query = f"select id, {_PROCESS} from runs where slot = ? and status in ('queued', 'running')"  # noqa: S608
        rows = await self._do(lambda database: database.execute(query, (slot,)).fetchall())
        for run in [run for run, process in rows if not _lives(process)]:
            await self._change(
                "update runs set status = 'failed', updated = ?, data = json_set(data, '$.error', json(?))"
                " where id = ? and status in ('queued', 'running')",
                (self._clock(), error, run),
            )

    async def close(self) -> None:
        """Closes the file after what was asked so far is done."""
        if self._database is not None:
            await self._do(lambda database: database.close())
        self._database = None
        self._thread.shutdown()

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""
        started = time.perf_counter()
        await self._do(lambda database: database.execute("select 1").fetchone())
        return time.perf_counter() - started

    async def put(self, run: StoredRun) -> None:
        """Writes a run, new or changed, and forgets those that are too old."""
        await self._write(f"insert or replace {_ROW}", run)

    async def add(self, run: StoredRun) -> bool:
        """Writes a new run; False when one of its name is there, which stays as it is."""
        return await self._write(f"insert or ignore {_ROW}", run) > 0

    async def remove(self, run: str) -> None:
        """Removes a run, if it is there."""
        await self._change("delete from runs where id = ?", (run,))

    async def _write(self, statement: str, run: StoredRun) -> int:
        await self._change("delete from runs where updated < ?", (self._clock() - KEPT_SECONDS,))
        return await self._change(statement, (*_columns(run), run.messages))

    async def get(self, run: str) -> StoredRun | None:
        """A run by its id, or None."""
        rows = await self._do(lambda database: database.execute("select * from runs where id = ?", (run,)).fetchall())
        return _stored(rows[0]) if rows else None

    async def claim(self, run: str, slot: str) -> StoredRun | None:
        """Takes a run that waits for approval, for this slot to go on with; None when it does not wait."""
        rows = await self._do(
            lambda database: database.execute(
                "update runs set status = 'running', slot = ?, updated = ?, data = json_set(data, '$.process', ?)"
                " where id = ? and status = 'awaiting-approval' returning *",
                (slot, self._clock(), os.getpid(), run),
            ).fetchall()
        )
        return _stored(rows[0]) if rows else None

    async def _change(self, statement: str, values: tuple[Any, ...]) -> int:
        """The number of rows that were changed."""
        return await self._do(lambda database: database.execute(statement, values).rowcount)

    async def _do(self, work: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            if self._database is None:
                self._database = self._connect()
            return work(self._database)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, run)
        except (sqlite3.Error, OSError) as error:
            raise Problem("storage_unavailable", f"runs cannot be stored now ({error})") from error

    def _connect(self) -> sqlite3.Connection:
        private.file(self._path)
        database = sqlite3.connect(self._path, timeout=_BUSY_MS / 1000, isolation_level=None, check_same_thread=False)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(_SCHEMA)
        self._path.chmod(0o600)
        return database


def _columns(run: StoredRun) -> tuple[Any, ...]:
    head = (run.id, run.agent, run.release, run.slot, run.status, run.created, run.updated)
    return (*head, json.dumps(run.data | {"process": os.getpid()}, ensure_ascii=False))


def _stored(row: tuple[Any, ...]) -> StoredRun:
    run, agent, release, slot, status, created, updated, text, messages = row
    data = json.loads(text)
    data.pop("process", None)
    return StoredRun(run, agent, release, slot, status, created, updated, data, messages)


def _lives(process: int | None) -> bool:
    """Whether another process lives."""
    if process is None or process == os.getpid():
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
