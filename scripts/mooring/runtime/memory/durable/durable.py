"""Keeps runs so that they survive their process: a row for each part of one, and its steps while it is under way."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.durable import rows
from mooring.runtime.memory.durable.adoption import ROOM, Adoption
from mooring.runtime.memory.durable.executors import Executors
from mooring.runtime.memory.durable.kept import Kept
from mooring.runtime.memory.durable.pace import Pace
from mooring.runtime.memory.durable.retention import retain
from mooring.runtime.memory.durable.writer import Writer
from mooring.runtime.memory.journal import Lag
from mooring.runtime.memory.run import RUNNING, Perform, Request, Run
from mooring.runtime.memory.steps import Entry, Steps
from mooring.runtime.memory.store import StoredRun
from mooring.state.database import Database, T, Work
from mooring.state.runs import parts, queue
from mooring.state.runs.checkpoints import Change, Try
from mooring.state.runs.parts import Key, Part
from mooring.state.runs.queue import Room
from mooring.state.unavailable import Unavailable

TURN = 0.001
"""Seconds after which a thread that waits for the interpreter gets its turn.

A transaction is some short calls to the database, after each of which its thread waits for its turn again: with
Python's own 5 ms, answers take the processor from what they wait for.
"""

CLOSING = 1.0
"""Seconds that runs which have ended are given to be written when the slot ends."""

ASKING = 3.0
"""Seconds a client that asks for a run waits for the database."""

MOST = 10_000
"""Runs that may wait to be written down; more are answered and not kept, so that memory has a bound."""


@dataclass(frozen=True)
class Policy:
    """`perform` carries a run out, `revive` makes one of a request that another process had.

    `serves` says whether this process has a release, `keep_seconds` how long runs are kept after they last changed.
    """

    perform: Perform
    revive: Callable[[Request], Run]
    serves: Callable[[str], Awaitable[bool]]
    keep_seconds: float


class Durable:
    """A `Journal`. `state` is the environment's folder, `shared` whether other machines use the database too."""

    def __init__(self, database: Database, state: Path, slot: str, shared: bool, policy: Policy) -> None:
        self._database, self._policy = database, policy
        self._executors = Executors(state)
        self._me = self._executors.enrol(slot)
        self._writer = Writer(database, self._me, slot, self)
        self._adoption = Adoption(database, self._executors, slot, shared, self)
        self._pace = Pace(lambda: self._writer.reason, self._writer.seconds)
        self._live: dict[Key, Kept] = {}
        self._chores: list[asyncio.Task[None]] = []

    async def open(self) -> None:
        """Begins to write, and to look for what waits."""
        sys.setswitchinterval(TURN)
        try:
            await self._adoption.sweep()
        except Unavailable as error:
            self._writer.trouble(str(error))
        work = (self._writer.run(), self._adoption.watch(), retain(self._database, self._policy.keep_seconds))
        self._chores = [asyncio.create_task(each) for each in work]

    async def close(self) -> None:
        """Gives ended runs a moment to be written; the others are left for other processes, which are told so."""
        await asyncio.gather(*(kept.run.interrupt() for kept in self._live.values() if kept.ended is None))
        for kept in self._live.values():
            if kept.news and not kept.lost:
                self._writer.tell(kept)  # a last answer that nothing followed yet need not be asked for again
        await self._writer.flush(CLOSING)
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        with suppress(Unavailable, TimeoutError):
            async with asyncio.timeout(CLOSING):
                await self._database.write(lambda connection: queue.hand_over(connection, self._me))
        self._executors.leave()

    async def start(self, run: Run) -> None:
        """Begins a run; its row is written meanwhile, or before if its client is told its name with the first word."""
        await self._start(run, row_first=run.on_text is not None)

    async def accept(self, run: Run) -> None:
        """Begins a run once its row is written."""
        await self._start(run, row_first=True)

    async def claim(self, run: Run) -> None:
        """Begins a part of a run once its row is written, if it is the first of that name."""
        if not await self.first(run):
            raise Problem("run_not_waiting", f"run {run.request.run} was decided on already")

    async def first(self, run: Run) -> bool:
        """Begins a run, or a part of one, once its row is written; False when there is one of that name."""
        if (run.request.run, run.request.part) in self._live:
            return False
        kept = self._keep(Kept(run, strict=True))
        await self._pace.wait(kept.taken)
        if not kept.taken.done():
            raise _unavailable(self._writer.reason)
        if kept.taken.cancelled():
            run.answer.cancel()  # whoever found it here looks again, and finds the other
            return False
        return True

    async def ticket(self, request: Request, delay: float) -> None:
        """Queued with what else waits to be written; the caller is not held up for long."""
        written = self._writer.queue(Try(request.data(), delay))
        self._pace.begin(written)
        written.add_done_callback(self._pace.end)
        await self._pace.wait(written)

    async def cancel(self, run: str) -> bool:
        """The other process is refused its next write, or finds the end at its next look."""
        return await self._done(self._database.write, lambda connection: rows.cancel(connection, run, time.time()))

    async def forget(self, run: str) -> None:
        """All parts of a run."""
        await self._done(self._database.write, lambda connection: parts.remove(connection, run))

    async def adopt(self) -> list[str]:
        """Adopts runs of dead processes now rather than at the next look."""
        return await self._adoption.adopt()

    async def find(self, run: str) -> StoredRun | None:
        """From memory when it is under way here. What a client is told of its end holds after a kill too."""
        if live := self.live(run):
            if live.ended:
                await self.settled(live)
            return live.ended or live.stored(RUNNING)
        if "\0" in run:  # which no run has, and PostgreSQL would not look for
            return None
        return await self._done(self._database.read, lambda connection: rows.find(connection, run))

    def live(self, run: str) -> Run | None:
        """The last part of a run that is under way here, or not yet written."""
        numbers = [key for key in self._live if key[0] == run]
        return self._live[max(numbers)].run if numbers else None

    async def settled(self, run: Run) -> None:
        """Waits until the end of a run is written, or the database has stalled."""
        if kept := self._live.get((run.request.run, run.request.part)):
            await self._pace.wait(kept.over)

    async def attempts(self, ticket: str) -> list[StoredRun]:
        """All tries, ended or not."""
        return await self._done(self._database.read, lambda connection: rows.attempts(connection, ticket))

    async def queued(self) -> int:
        """Questions that wait under tickets, of all slots. Raises Problem."""
        return await self._done(self._database.read, parts.open_tries)

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""
        started = time.perf_counter()
        await self._done(self._database.read, lambda connection: connection.exec_driver_sql("select 1"))
        return time.perf_counter() - started

    def lag(self) -> Lag:
        """How far what is on disk is behind."""
        reason = self._writer.reason or "the database does not answer"
        return Lag(self._pace.waiting, self._pace.age, reason if self._pace.stalled else "")

    def under_way(self) -> int:
        """Runs being worked on now."""
        return sum(kept.ended is None for kept in self._live.values())

    # --- told by the writer ---

    def began(self, kept: Kept) -> None:
        if kept.ended is None:
            self._pace.end(kept)
        if not kept.taken.done():
            kept.taken.set_result(None)
        if kept.strict:
            kept.run.begin(self._policy.perform, partial(self._ended, kept))

    def wrote(self, entry: Entry) -> None:
        self._pace.end(entry)
        if not entry.written.done():
            entry.written.set_result(None)

    def lost(self, kept: Kept) -> None:
        kept.lost = True
        if kept.strict and not kept.begun:
            kept.taken.cancel()
        if kept.ended is not None or not kept.begun:
            self.finished(kept)
        kept.run.cancel()

    def finished(self, kept: Kept) -> None:
        for entry in kept.entries:
            self.wrote(entry)
        self._pace.end(kept)
        if self._live.get(kept.key) is kept:
            del self._live[kept.key]
        if not kept.over.done():
            kept.over.set_result(None)

    # --- asked by the adoption ---

    async def serves(self, release: str) -> bool:
        return await self._policy.serves(release)

    def room(self) -> Room:
        tries = sum(kept.a_try for kept in self._live.values())
        adopted = sum(kept.adopted > 0 for kept in self._live.values())
        return Room(ROOM.adopted - adopted, ROOM.tries - tries)

    def revive(self, part: Part, recorded: Mapping[str, Any]) -> None:
        run = self._policy.revive(Request.of(part.asked))
        run.record.resumed = part.adopted
        kept = self._keep(Kept(run, part=part, recorded=recorded))
        run.begin(self._policy.perform, partial(self._ended, kept))

    def under_way_but(self, owned: set[Key]) -> list[Change]:
        kept = self._live.values()
        return [each.change() for each in kept if each.begun and each.ended is None and each.key not in owned]

    def knows(self, key: Key) -> bool:
        return key in self._live

    def let_go(self, key: Key, gone: bool) -> None:
        if kept := self._live.get(key):
            if gone:
                kept.unwritten()
                self._writer.tell(kept)
            else:
                self.lost(kept)

    # --- in between ---

    async def _start(self, run: Run, row_first: bool) -> None:
        if len(self._live) >= MOST:
            LOGGER.error("run not kept: too many wait to be written", extra={"run": run.request.id})
            run.begin(self._policy.perform, _forgotten)
            return
        kept = self._keep(Kept(run))
        if row_first:
            await self._pace.wait(kept.taken)
        run.begin(self._policy.perform, partial(self._ended, kept))

    def _keep(self, kept: Kept) -> Kept:
        self._live[kept.key] = kept
        kept.run.steps = Steps(dict(kept.recorded), partial(self._settle, kept))
        kept.entries = kept.run.steps.entries
        if not kept.begun:
            self._tell(kept, kept)
        return kept

    async def _settle(self, kept: Kept, entry: Entry) -> None:
        if not kept.lost:
            self._tell(kept, entry)
            await self._pace.wait(entry.written)

    async def _ended(self, kept: Kept, run: Run) -> None:
        kept.ended = run.ended or run.stored(RUNNING)
        if kept.lost:
            self.finished(kept)
            return
        self._tell(kept, kept)
        if kept.entries and not kept.entries[-1].written.done():
            await self._pace.wait(kept.over)  # what nobody has on disk is not told to a client

    def _tell(self, kept: Kept, what: object) -> None:
        self._pace.begin(what)
        self._writer.tell(kept)

    async def _done(self, how: Callable[[Work[T]], Any], work: Work[T]) -> T:
        """What is asked of the database. Raises Problem when that takes too long."""
        try:
            async with asyncio.timeout(ASKING):
                done: T = await how(work)
                return done
        except (Unavailable, TimeoutError) as error:
            raise _unavailable(str(error)) from error


async def _forgotten(run: Run) -> None:
    """The end of a run that is not kept."""


def _unavailable(reason: str) -> Problem:
    return Problem("storage_unavailable", f"runs cannot be read or stored now ({reason or 'no answer in time'})")
