"""What tenants spent today, by key and agent: shared by both slots, and kept over restarts."""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mooring import private
from mooring.runtime.core.logs import LOGGER

FLUSH_SECONDS = 0.25
"""Between two writes: that much the slots may not know of each other, and a killed process loses."""

KEEP_DAYS = 400

_DAY = 86400.0
_SCHEMA = """
create table if not exists spend (
    day text not null, tenant text not null, key text not null, agent text not null,
    calls integer not null, tokens integer not null, usd real not null, primary key (day, tenant, key, agent)
) strict, without rowid;
"""

Who = tuple[str, str, str]
"""Tenant, key and agent."""


@dataclass(slots=True)
class Spent:
    """Model calls, tokens of both directions, and US dollars."""

    calls: int = 0
    tokens: int = 0
    usd: float = 0.0

    def add(self, other: "Spent") -> None:
        self.calls += other.calls
        self.tokens += other.tokens
        self.usd += other.usd


class Spend:
    """A SQLite file, written in a thread of its own. While it cannot be written, what was spent is counted here."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time) -> None:
        self._path, self._clock = path, clock
        self._day = self._today()
        self._stored: dict[Who, Spent] = {}
        self._fresh: dict[Who, Spent] = {}
        self._tenants: dict[str, Spent] = {}
        self._keys: dict[tuple[str, str], Spent] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="spend")
        self._database: sqlite3.Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._failed = False
        self._pruned = ""

    async def start(self) -> None:
        """Reads what was spent today, and begins to write."""
        if self._task is None:
            await self.flush()
            self._task = asyncio.create_task(self._flushing())

    async def close(self) -> None:
        """Writes what is left and closes the file."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.flush()
        self._thread.shutdown(wait=False)

    def add(self, tenant: str, key: str, agent: str, tokens: int, usd: float) -> None:
        """Counts one model call."""
        self._turn()
        spent = Spent(1, tokens, usd)
        self._fresh.setdefault((tenant, key, agent), Spent()).add(spent)
        self._tenants.setdefault(tenant, Spent()).add(spent)
        self._keys.setdefault((tenant, key), Spent()).add(spent)

    def today(self, tenant: str, key: str | None = None) -> Spent:
        """What a tenant, or one of its keys, spent since midnight UTC."""
        self._turn()
        return (self._tenants.get(tenant) if key is None else self._keys.get((tenant, key))) or Spent()

    def by_agent(self) -> dict[tuple[str, str], Spent]:
        """What was spent today, by tenant and agent."""
        self._turn()
        totals: dict[tuple[str, str], Spent] = {}
        for known in (self._stored, self._fresh):
            for (tenant, _key, agent), spent in known.items():
                totals.setdefault((tenant, agent), Spent()).add(spent)
        return totals

    def left_of_day(self) -> float:
        """Seconds until midnight UTC."""
        return _DAY - self._clock() % _DAY

    async def flush(self) -> None:
        """Writes what is new, and reads what the other slot wrote. A disk that fails is logged once."""
        self._turn()
        day, fresh, self._fresh = self._day, self._fresh, {}
        try:
            stored = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, day, fresh)
        except (sqlite3.Error, OSError):
            if not self._failed:
                LOGGER.exception("what tenants spend cannot be written; it is counted in memory")
            self._failed = True
            for who, spent in fresh.items():
                self._fresh.setdefault(who, Spent()).add(spent)
            return
        self._failed = False
        if day == self._day:
            self._stored = stored
            self._sum()

    async def _flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    def _sum(self) -> None:
        """Totals anew, from what is stored and what is not yet."""
        self._tenants, self._keys = {}, {}
        for known in (self._stored, self._fresh):
            for (tenant, key, _agent), spent in known.items():
                self._tenants.setdefault(tenant, Spent()).add(spent)
                self._keys.setdefault((tenant, key), Spent()).add(spent)

    def _turn(self) -> None:
        """Begins a new day at midnight. What was not written of the old one is counted for the new one."""
        if (day := self._today()) != self._day:
            self._day, self._stored = day, {}
            self._sum()

    def _today(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).date().isoformat()

    def _write(self, day: str, fresh: Mapping[Who, Spent]) -> dict[Who, Spent]:
        database = self._database = self._database or self._opened()
        database.execute("begin immediate" if fresh else "begin")
        try:
            database.executemany(
                "insert into spend values (?, ?, ?, ?, ?, ?, ?)"
                " on conflict do update set calls = calls + excluded.calls,"
                " tokens = tokens + excluded.tokens, usd = usd + excluded.usd",
                [(day, *who, spent.calls, spent.tokens, spent.usd) for who, spent in fresh.items()],
            )
            if fresh and self._pruned != day:
                oldest = datetime.fromtimestamp(self._clock() - KEEP_DAYS * _DAY, UTC).date().isoformat()
                database.execute("delete from spend where day < ?", (oldest,))
                self._pruned = day
            query = "select tenant, key, agent, calls, tokens, usd from spend where day = ?"
            rows = database.execute(query, (day,)).fetchall()
        except BaseException:
            database.execute("rollback")
            raise
        database.execute("commit")
        return {(tenant, key, agent): Spent(*numbers) for tenant, key, agent, *numbers in rows}

    def _opened(self) -> sqlite3.Connection:
        path = private.file(self._path)
        database = sqlite3.connect(path, timeout=2, isolation_level=None, check_same_thread=False)
        database.execute("pragma journal_mode = wal")
        database.execute("pragma synchronous = normal")
        database.executescript(_SCHEMA)
        return database
