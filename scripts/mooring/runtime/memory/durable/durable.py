"""Keeps runs by DBOS: the half of it that lives in the loop of the answers."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from dbos import error as failures
from pydantic import JsonValue

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.durable import database, rows
from mooring.runtime.memory.durable.adoption import Adoption
from mooring.runtime.memory.durable.executors import Executors
from mooring.runtime.memory.durable.gate import TROUBLE, told
from mooring.runtime.memory.durable.kept import Kept, as_data
from mooring.runtime.memory.durable.pace import Pace
from mooring.runtime.memory.durable.recorder import Recorder
from mooring.runtime.memory.journal import Lag
from mooring.runtime.memory.run import RUNNING, Perform, Request, Run
from mooring.runtime.memory.steps import Entry, Steps
from mooring.runtime.memory.store import StoredRun

T = TypeVar("T")

CLOSING = 1.0
"""Seconds that runs which have ended are given to be written when the slot ends."""

OPENING = 10.0
"""Seconds a slot that starts waits for the database; then it answers without."""

ASKING = 3.0
"""Seconds a client that asks for a run waits for the database."""

MOST = 10_000
"""Runs that may wait to be written down; more are answered and not kept, so that memory has a bound."""

_FORGET_SECONDS = 3600.0


class Durable:
    """A `Journal`. `perform` carries a run out, `revive` makes one of a request that another process had."""

    def __init__(
        self,
        state: Path,
        url: str,
        slot: str,
        perform: Perform,
        revive: Callable[[Request], Run],
        keep_days: float,
    ) -> None:
        self._perform, self._revive, self._keep_days = perform, revive, keep_days
        self._executors = Executors(state)
        self._recorder = Recorder(url, self._executors.enrol(slot), self._executors.home, self)
        self._adoption = Adoption(self._recorder, self._executors)
        self._loop = asyncio.get_running_loop()
        self._live: dict[str, Kept] = {}
        self._pace = Pace(lambda: self._recorder.gate.reason, self._recorder.transactions.seconds)
        self._chores: list[asyncio.Future[Any]] = []

    async def open(self) -> None:
        """Waits until the database is open, or cannot be opened now."""
        self._recorder.start()
        await asyncio.to_thread(self._recorder.tried.wait, OPENING)
        self._chores = [self._ask(self._adoption.watch()), self._ask(self._forget())]

    async def close(self) -> None:
        """Gives ended runs a moment to be written; the others are left for another process."""
        end = time.monotonic() + CLOSING
        await asyncio.gather(*(kept.run.interrupt() for kept in self._live.values() if kept.ended is None))
        while any(kept.ended is not None for kept in self._live.values()) and time.monotonic() < end:
            if self._pace.stalled:
                break
            await asyncio.sleep(0.01)
        for chore in self._chores:
            chore.cancel()
        await asyncio.to_thread(self._recorder.stop, OPENING)
        self._executors.leave()

    async def start(self, run: Run) -> None:
        """Begins a run; its row is written meanwhile, or before if its client is told its name with the first word."""
        await self._start(run, row_first=run.on_text is not None)

    async def accept(self, run: Run) -> None:
        """Begins a run once its row is written."""
        await self._start(run, row_first=True)

    async def _start(self, run: Run, row_first: bool) -> None:
        if len(self._live) >= MOST:
            LOGGER.error("run not kept: too many wait to be written", extra={"run": run.request.id})
            run.begin(self._perform, _forgotten)
            return
        kept = self._kept(run, {})
        self._tell(self._recorder.keep, kept)
        if row_first:
            await self._pace.wait(kept.taken)
        run.begin(self._perform, partial(self._ended, kept))

    async def claim(self, run: Run) -> None:
        """Begins a part of a run once its row is written, if it is the first of that name."""
        if not await self.first(run):
            raise _decided(run)

    async def first(self, run: Run) -> bool:
        """Begins a run, or a part of one, once its row is written; False when there is one of that name."""
        if run.request.id in self._live:
            return False
        kept = self._kept(run, {}, strict=True)
        self._tell(self._recorder.keep, kept)
        await self._pace.wait(kept.taken)
        if not kept.taken.done():
            raise _unavailable(self._recorder.gate.reason)
        try:
            kept.taken.result()
        except failures.DBOSWorkflowIDInUseError:
            self._finished(kept)
            run.answer.cancel()  # whoever found it here looks again, and finds the other
            return False
        return True

    async def ticket(self, request: Request, delay: float) -> None:
        """Queued behind what else waits to be written; the caller is not held up for long."""
        mark = object()
        self._pace.begin(mark)
        queued = self._ask(self._recorder.enqueue(request.data(), request.id, delay))
        queued.add_done_callback(lambda _: self._wrote(mark))
        await self._pace.wait(queued)

    async def cancel(self, run: str) -> bool:
        """The other process ends it at its next step, whose row is refused then."""
        return await self._read(rows.cancel(run))

    async def forget(self, run: str) -> None:
        """All parts of a run."""
        await self._read(rows.remove(run))

    async def adopt(self) -> list[str]:
        """Adopts runs of dead processes now rather than at the next look."""
        return await self._ask(self._adoption.adopt())

    async def find(self, run: str) -> StoredRun | None:
        """From memory when it is under way here. What a client is told of its end holds after a kill too."""
        if live := self.live(run):
            if live.ended:
                await self.settled(live)
            return live.ended or live.stored(RUNNING)
        return await self._read(rows.find(run))

    def live(self, run: str) -> Run | None:
        """The last part of a run that is under way here, or not yet written."""
        runs = [kept.run for kept in self._live.values() if kept.run.request.run == run]
        return max(runs, key=lambda run: run.request.part, default=None)

    async def settled(self, run: Run) -> None:
        """Waits until the end of a run is written, or the database has stalled."""
        if kept := self._live.get(run.request.id):
            await self._pace.wait(kept.over)

    async def attempts(self, ticket: str) -> list[StoredRun]:
        """All tries, ended or not."""

        async def read() -> list[StoredRun]:
            return [await rows.stored(row) for row in await rows.parts(ticket)]

        return await self._read(read())

    async def queued(self) -> int:
        """Questions that wait under tickets, of all slots. Raises Problem."""
        return await self._read(rows.queued())

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""
        started = time.perf_counter()
        await self._read(asyncio.to_thread(database.ping, self._recorder.engine))
        return time.perf_counter() - started

    def lag(self) -> Lag:
        """How far what is on disk is behind."""
        reason = self._recorder.gate.reason or "the database does not answer"
        return Lag(self._pace.waiting, self._pace.age, reason if self._pace.stalled else "")

    def under_way(self) -> int:
        """Runs being worked on now."""
        return sum(kept.ended is None for kept in self._live.values())

    # --- the recorder's host ---

    def kept(self, run: str) -> Kept | None:
        return self._live.get(run)

    async def revive(self, data: dict[str, Any], recorded: dict[str, JsonValue], adopted: int) -> Kept:
        async def begin() -> Kept:
            run = self._revive(Request.of(data))
            run.record.resumed = adopted
            kept = self._kept(run, recorded)
            kept.fresh = False
            run.begin(self._perform, partial(self._ended, kept))
            return kept

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(begin(), self._loop))

    def took(self, kept: Kept, error: Exception | None = None) -> None:
        self._loop.call_soon_threadsafe(self._took, kept, error)

    def wrote(self, entry: Entry) -> None:
        self._loop.call_soon_threadsafe(self._wrote, entry)

    def lost(self, kept: Kept) -> None:
        self._loop.call_soon_threadsafe(kept.run.cancel)

    def finished(self, kept: Kept) -> None:
        self._loop.call_soon_threadsafe(self._finished, kept)

    # --- in the loop of the answers ---

    def _kept(self, run: Run, recorded: dict[str, JsonValue], strict: bool = False) -> Kept:
        kept = self._live[run.request.id] = Kept(run, strict, fresh=not recorded)
        run.steps = Steps(recorded, partial(self._settle, kept))
        kept.entries = run.steps.entries
        self._pace.begin(kept)
        return kept

    async def _settle(self, kept: Kept, entry: Entry) -> None:
        self._pace.begin(entry)
        self._tell(kept.news.set)
        await self._pace.wait(entry.written)

    def _took(self, kept: Kept, error: Exception | None) -> None:
        if kept.ended is None:
            self._wrote(kept)
        if not kept.taken.done():
            kept.taken.set_exception(error) if error else kept.taken.set_result(None)
        if error is None and kept.strict:
            kept.run.begin(self._perform, partial(self._ended, kept))

    def _wrote(self, what: object) -> None:
        self._pace.end(what)
        if isinstance(what, Entry) and not what.written.done():
            what.written.set_result(None)

    def _finished(self, kept: Kept) -> None:
        self._wrote(kept)
        self._live.pop(kept.id, None)
        if not kept.over.done():
            kept.over.set_result(None)

    async def _ended(self, kept: Kept, run: Run) -> None:
        kept.ended = as_data(run.ended or run.stored(RUNNING))
        self._pace.begin(kept)
        self._tell(kept.news.set)

    # --- across ---

    def _tell(self, what: Callable[..., object], *arguments: Any) -> None:
        """Calls something in the recorder's loop; one that has ended is told nothing."""
        with suppress(RuntimeError):
            self._recorder.loop.call_soon_threadsafe(what, *arguments)

    def _ask(self, work: Coroutine[Any, Any, T]) -> asyncio.Future[T]:
        """Does work in the recorder's loop, without what the caller's context says."""
        return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._recorder.loop))

    async def _read(self, work: Coroutine[Any, Any, T]) -> T:
        """What is read from the database. Raises Problem when that takes too long."""
        try:
            async with asyncio.timeout(ASKING):
                if not self._recorder.opened.is_set():
                    work.close()
                    raise _unavailable(self._recorder.gate.reason)
                return await self._ask(work)
        except TROUBLE as error:
            raise _unavailable(told(error)) from error

    async def _forget(self) -> None:
        """In the recorder's loop: now and then removes what is too old."""
        while True:
            with suppress(*TROUBLE):
                await rows.forget(self._keep_days, self._recorder.version)
            await asyncio.sleep(_FORGET_SECONDS)


async def _forgotten(run: Run) -> None:
    """The end of a run that is not kept."""


def _decided(run: Run) -> Problem:
    return Problem("run_not_waiting", f"run {run.request.run} was decided on already")


def _unavailable(reason: str) -> Problem:
    return Problem("storage_unavailable", f"runs cannot be read or stored now ({reason or 'no answer in time'})")
