"""What tenants spent today, by key and agent: shared by both slots, and kept over restarts."""

import asyncio
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import sqlalchemy as sa

from mooring.runtime.core.logs import LOGGER
from mooring.state.database import Database
from mooring.state.runs import spend
from mooring.state.runs.spend import Batch, Spent, Who
from mooring.state.unavailable import Unavailable

FLUSH_SECONDS = 0.25
"""Between two writes: that much the slots may not know of each other, and a killed process loses."""

KEEP_DAYS = 400

_DAY = 86400.0


class Spend:
    """Written in the background. While the database cannot be written, what was spent is counted here."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._day = self._today()
        self._stored: dict[Who, Spent] = {}
        self._fresh: dict[Who, Spent] = {}
        self._batch = Batch(secrets.token_hex(8), 0, self._day, {})
        self._tenants: dict[str, Spent] = {}
        self._keys: dict[tuple[str, str], Spent] = {}
        self._task: asyncio.Task[None] | None = None
        self._failed = False
        self._pruned = ""

    async def start(self) -> None:
        """Reads what was spent today, and begins to write."""
        if self._task is None:
            await self.flush()
            self._task = asyncio.create_task(self._flushing())

    async def close(self) -> None:
        """Writes what is left."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            await self.flush()

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
        for known in self._known():
            for (tenant, _key, agent), spent in known.items():
                totals.setdefault((tenant, agent), Spent()).add(spent)
        return totals

    def left_of_day(self) -> float:
        """Seconds until midnight UTC."""
        return _DAY - self._clock() % _DAY

    async def flush(self) -> None:
        """Writes what is new, and reads what the other slot wrote. A database that fails is logged once.

        What may have been written all the same is given again as it was, before anything else.
        """
        again = bool(self._batch.spent)
        if await self._write() and again:
            await self._write()

    async def _write(self) -> bool:
        """Writes one batch; False when that failed."""
        self._turn()
        if not self._batch.spent:
            self._batch = replace(self._batch, number=self._batch.number + 1, day=self._day, spent=self._fresh)
            self._fresh = {}
        batch, day = self._batch, self._day
        try:
            stored = await self._stored_of(day, batch)
        except Unavailable:
            if not self._failed:
                LOGGER.exception("what tenants spend cannot be written; it is counted in memory")
            self._failed = True
            return False
        self._failed = False
        if self._batch is batch:
            self._batch = replace(batch, spent={})
        if day == self._day:
            self._stored = stored
            self._sum()
        return True

    async def _flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_SECONDS)
            await self.flush()

    def _known(self) -> Iterator[Mapping[Who, Spent]]:
        """What is stored of today, and what is not known to be."""
        yield from (self._stored, self._batch.spent, self._fresh)

    def _sum(self) -> None:
        """Totals anew, from what is stored and what is not yet."""
        self._tenants, self._keys = {}, {}
        for known in self._known():
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

    async def _stored_of(self, day: str, batch: Batch) -> dict[Who, Spent]:
        """All that was spent on a day, once a batch is written. Raises Unavailable."""
        if not batch.spent:
            return await self._database.read(lambda connection: spend.of_day(connection, day))
        oldest = datetime.fromtimestamp(self._clock() - KEEP_DAYS * _DAY, UTC).date().isoformat()

        def write(connection: sa.Connection) -> dict[Who, Spent]:
            spend.add_once(connection, batch)
            if self._pruned != day:
                spend.forget(connection, oldest)
            return spend.of_day(connection, day)

        # Who is cancelled meanwhile, as the slot ends, has it written all the same.
        stored = await asyncio.shield(self._database.write(write))
        self._pruned = day
        return stored
