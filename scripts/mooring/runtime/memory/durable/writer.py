"""Writes down what runs do: whatever waits goes into one transaction, and while that lasts the next one gathers."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from itertools import islice
from typing import Protocol

import sqlalchemy as sa

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.memory.durable.kept import Kept
from mooring.runtime.memory.steps import Entry
from mooring.state.database import Database
from mooring.state.runs import checkpoints
from mooring.state.runs.checkpoints import GONE, Change, Try
from mooring.state.runs.parts import Key
from mooring.state.unavailable import Unavailable

PAUSE = 0.25
"""Seconds between two tries while the database takes nothing."""

AT_ONCE = 500
"""Runs of one transaction at most, so that none takes long."""

_REFUSED = (sa.exc.DataError, sa.exc.IntegrityError)
"""What the database does not take however often it is told."""

_TOO_LARGE = "54"
"""The class of SQLSTATEs of values that PostgreSQL has no room for anywhere. Its driver takes them for its troubles."""


class Host(Protocol):
    """Whoever has the runs."""

    def began(self, kept: Kept) -> None:
        """The row of a run is in the database."""

    def wrote(self, entry: Entry) -> None:
        """A step is in the database."""

    def lost(self, kept: Kept) -> None:
        """Another process has the run, or has ended it."""

    def finished(self, kept: Kept) -> None:
        """The end of a run is in the database, or never will be."""


class Writer:
    """`reason` says why nothing is written now, or ""."""

    def __init__(self, database: Database, executor: str, slot: str, host: Host) -> None:
        self._database, self._executor, self._slot, self._host = database, executor, slot, host
        self._runs: dict[Kept, None] = {}
        self._tries: dict[asyncio.Future[None], Try] = {}
        self._most = AT_ONCE
        self._news, self._idle = asyncio.Event(), asyncio.Event()
        self._idle.set()
        self._began = 0.0
        self.reason = ""

    def tell(self, kept: Kept) -> None:
        """There is something to write of a run."""
        self._runs[kept] = None
        self._wake()

    def queue(self, attempt: Try) -> "asyncio.Future[None]":
        """Has a try written down; done when it is."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tries[written] = attempt
        self._wake()
        return written

    def _wake(self) -> None:
        self._idle.clear()
        self._news.set()

    def seconds(self) -> float:
        """How long the transaction under way has taken; 0 when there is none."""
        return time.monotonic() - self._began if self._began else 0.0

    def trouble(self, reason: str) -> None:
        """The database has failed somebody else; the next write says whether it still does."""
        self.reason = reason
        self._wake()

    async def run(self) -> None:
        """Writes until cancelled. What fails is written again until the database takes it."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._runs or self._tries or self.reason:
                if not await self._write():
                    await asyncio.sleep(PAUSE)
            self._idle.set()

    async def flush(self, seconds: float) -> None:
        """Gives what waits so many seconds to be written."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._idle.wait()

    async def _write(self) -> bool:
        runs = list(islice(self._runs, self._most))
        tries = dict(islice(self._tries.items(), self._most)) if self._most > 1 or not runs else {}
        changes = [kept.change() for kept in runs]
        self._began = time.monotonic()
        try:
            refused = await self._database.write(
                lambda connection: checkpoints.write(
                    connection, self._executor, self._slot, changes, list(tries.values())
                )
            )
        except Unavailable as error:
            if not _refused(error.__cause__):
                self.reason = str(error)
                return False
            self._refuse(error, runs, list(tries))
            return True
        except Exception as error:  # noqa: BLE001 - what no driver can write must not end the writing of all others
            self._refuse(error, runs, list(tries))
            return True
        finally:
            self._began = 0.0
        self.reason, self._most = "", AT_ONCE
        for kept, change in zip(runs, changes, strict=True):
            self._done(kept, change, refused)
        self._queued(tries)
        return True

    def _refuse(self, error: Exception, runs: Sequence[Kept], tries: "Sequence[asyncio.Future[None]]") -> None:
        """Of many at once, one that the database will never take must not hold up the others."""
        if len(runs) + len(tries) > 1:
            self._most = 1
            return
        self.reason, self._most = "", AT_ONCE
        for kept in runs:
            reason = str(error) if isinstance(error, Unavailable) else type(error).__name__
            LOGGER.error("run not kept", extra={"run": kept.key[0], "reason": reason})
            self._leave(kept)
            self._host.finished(kept)
        self._queued(tries)

    def _done(self, kept: Kept, change: Change, refused: dict[Key, str]) -> None:
        why = refused.get(kept.key)
        if why == GONE:
            kept.unwritten()
            return
        if why:
            self._leave(kept)
            self._host.lost(kept)
            return
        if change.begun is not None:
            self._host.began(kept)
        for entry in kept.wrote(change):
            self._host.wrote(entry)
        if change.ended:
            self._leave(kept)
            self._host.finished(kept)
        elif not kept.news:
            self._leave(kept)

    def _leave(self, kept: Kept) -> None:
        self._runs.pop(kept, None)

    def _queued(self, tries: "Sequence[asyncio.Future[None]] | dict[asyncio.Future[None], Try]") -> None:
        for written in tries:
            self._tries.pop(written, None)
            if not written.done():
                written.set_result(None)


def _refused(cause: BaseException | None) -> bool:
    """Whether the database would not take it the next time either."""
    state = getattr(getattr(cause, "orig", None), "sqlstate", None) or ""
    return isinstance(cause, _REFUSED) or state.startswith(_TOO_LARGE)
