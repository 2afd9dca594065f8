"""Keeps one worker of a slot as it should be: the right release running, or nothing; live, or not.

A loop that compares what is wanted with what is there. It does not care how the difference came
about, so starting, adopting after a crash, restarting and replacing are one thing.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from mooring.errors import Refused, Stopped
from mooring.outcome import Reason
from mooring.runtime.process.siblings import name_of
from mooring.runtime.process.unix_http import Line
from mooring.targets.host import folders
from mooring.targets.host.logs import last_words
from mooring.targets.host.requirements import Requirements, Wanted
from mooring.targets.local.acting import Act
from mooring.targets.local.draining import Draining
from mooring.targets.local.process import Exit, Process, Starter
from mooring.targets.local.replacement import GONE, Spawn, Successor
from mooring.targets.local.spare import Spare
from mooring.targets.local.totals import Counts, Totals

LOOK = 0.2
"""Seconds between two looks at a slot."""

OPENING = 15.0
"""Seconds a new process has to open its door."""

HUNG = 30.0
"""Seconds without an answer after which a slot is ended and started again."""

STEADY = 60.0
"""Seconds a process has to live for its end to count as the first one."""

REST = 60.0
"""Seconds between two replacements that nobody asked for."""

log = logging.getLogger("mooring.supervisor")


class Reconciler:
    """One worker; the first one of a slot is number 1. `want` says what its slot is to be."""

    def __init__(self, number: int, starter: Starter, totals: Totals, want: Callable[[], Wanted]) -> None:
        self.name, self.number = name_of(starter.name, number), number
        self.health: dict[str, Any] = {}
        self.restarts = 0
        self._starter, self._state, self._want = starter, starter.state, want
        self._door = folders.admin(starter.state, starter.name, number)
        self._process = Process(self._door)
        self._look: Line | None = None
        self.act = Act(self.name, self._door)
        self._successor: asyncio.Task[None] | None = None
        self._totals, self._draining = totals, Draining(totals)
        self._spare = Spare(self._door, self._spare_wanted, self._spawning)
        self._exit = Exit(lambda: self._changed.set())
        self._again = False
        self._rest_until = 0.0
        self._changed = asyncio.Event()
        self._began = 0.0
        self._deaths = 0
        self._last_words = ""

    # --- what is wanted ---

    @property
    def wanted(self) -> str | None:
        """The release to hold; None when its slot is empty or has fewer workers."""
        want = self._want()
        return want.digest if self.number <= want.workers else None

    @property
    def live(self) -> bool:
        return self._want().live

    def renew(self) -> None:
        """Follows what is wanted now. A process that holds another release drains first."""
        if self.wanted != self.health.get("digest"):
            self._last_words = ""
        self.restarts = 0
        self._deaths = 0
        self._changed.set()

    async def restart(self) -> None:
        """Replaces its process by one with the same release. A live one serves until the new one takes over."""
        self._again = True
        self._changed.set()
        while True:
            await asyncio.sleep(LOOK)
            if not self._again and (self._look or self.wanted is None):
                return

    # --- what is there ---

    async def facts(self) -> dict[str, Any]:
        """The worker as it is now, JSON-able."""
        if self._look:
            # Not cancelled when it takes long: that would break the line, and a busy slot is not a dead one.
            looking = asyncio.create_task(self._ask_health(self._look))
            await asyncio.wait((looking,), timeout=1)
        counts = [self.health.get("counts", {}), *self._draining.counts]
        reasons = self.health.get("reasons", [self._last_words] if self._last_words else [])
        return {
            **{key: self.health.get(key) for key in ("digest", "pid", "rss", "connections", "runtime")},
            "ready": self.health.get("ready", False),
            "reasons": reasons,
            "accepting": self.health.get("accepting", False),
            "totals": self._totals.data(counts),
            "in_flight": sum(now.get("in_flight", 0) for now in counts),
            "restarts": self.restarts,
            "spare": self._spare.state,
            "number": self.number,
        }

    async def _ask_health(self, look: Line) -> None:
        with suppress(*GONE, Stopped):
            await self._see(look)

    async def _see(self, look: Line) -> None:
        health = await look.call("GET /health", timeout=HUNG)
        if look is self._look:  # no other process took over meanwhile
            self.health = health

    async def check(self, digest: str) -> None:
        """Refused(NOT_READY) unless the worker says at this moment that it is ready with `digest`."""
        before = self.health
        now = await self.facts()
        fresh = self.health is not before
        if not (fresh and self.act.there and now["ready"]) or now["digest"] != digest:
            why = "; ".join(now["reasons"]) or "empty" if fresh or not self._look else "it does not answer"
            raise Refused(Reason.NOT_READY, f"{self.name} is not ready: {why}")

    def obeyed(self) -> None:
        """Waits until its process has done what `act` was told. Raises Stopped."""
        self.health |= self.act.obeyed()

    # --- the loop ---

    async def run(self) -> None:
        """Reconciles until cancelled. The slot's processes continue then."""
        await self._adopt()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._spare.run())
            group.create_task(self._reconcile_forever())

    async def _reconcile_forever(self) -> None:
        while True:
            try:
                await self._reconcile()
            except GONE as error:
                log.warning("%s: %r", self.name, error)
                await self._died()
            except Exception:
                log.exception("%s", self.name)
                await asyncio.sleep(1)

    async def _adopt(self) -> None:
        """Take over the process another supervisor started, and see off one too many that it may have left."""
        with suppress(*GONE, Stopped):
            await self._connect()
            log.info("%s: adopted process %s", self.name, self.health["pid"])
        with suppress(*GONE, Stopped):
            other = Successor(self._door)
            await other.connect()
            if other.health["ready"] and not other.health["accepting"] and other.health["digest"] == self.wanted:
                self._spare.adopt(other, other.health["digest"])
            else:
                look, act = other.lines
                act.close()
                self._draining.see_off(look, other.process, other.pid, other.health, self._drain_seconds)

    async def _reconcile(self) -> None:
        if self._look is None:
            await self._fill()
        elif self.health.get("digest", self.wanted) != self.wanted:
            await self.end()
        elif self._successor is None and self._due:
            self._rest_until = time.monotonic() + REST
            if self._serving:
                self._successor = asyncio.create_task(self._replace())
            else:
                await self.end()
        else:
            await self._watch(self._look)

    @property
    def _due(self) -> bool:
        """Whether it is time for a new process with the same release."""
        return self._again or (self.health.get("replace", False) and time.monotonic() >= self._rest_until)

    @property
    def _serving(self) -> bool:
        """Whether clients would notice if its process ended."""
        return self.live and bool(self.health.get("accepting"))

    async def _fill(self) -> None:
        self._again = False
        if self._successor:  # one that is nearly there is sooner than a new start
            await asyncio.wait((self._successor,))
        elif self.wanted is not None:
            await self._begin(self.wanted)
        else:
            await self._changed.wait()
            self._changed.clear()

    async def _watch(self, look: Line) -> None:
        try:
            await self._see(look)
        except GONE as error:
            if look is not self._look:
                return  # another process took over meanwhile
            if isinstance(error, TimeoutError):
                log.error("%s hangs", self.name)
                self._process.kill(self._pid)
            raise
        if self.health["ready"] and self.health["accepting"] != self.live:
            with suppress(Stopped):  # asked again at the next look
                self.act.order(self.live)
                self.obeyed()
        await self._pause(LOOK)

    def _spare_wanted(self) -> str | None:
        """The release of which a spare process is to stand by."""
        if self.number > 1 or self.wanted is None or not self._serving or self._successor or self._again:
            return None
        return self.wanted if Requirements.read(folders.release_file(self._state, self.wanted)).spare else None

    def _spawning(self, digest: str) -> Spawn:
        return lambda process, door: self._spawn(process, digest, door)

    def _spawn(self, process: Process, digest: str, door: Path) -> int:
        return self._starter.spawn(process, digest, door, self.number, self._want().workers)

    def _promote(self) -> bool:
        """Lets the spare process take the place of one that died; False when there is none that can."""
        successor = self._spare.take(self.wanted)
        if successor is None:
            return False
        try:
            successor.accept(self.live)
            successor.take_over()
        except (*GONE, Stopped) as error:
            log.error("%s: its spare process cannot take over: %s", self.name, error)
            successor.give_up()
            return False
        self._installed(successor)
        log.warning("%s: its spare process %s took over", self.name, self._pid)
        return True

    def _installed(self, successor: Successor) -> None:
        """Makes a successor, whose door is the slot's now, the process of the slot."""
        self._look, act = successor.lines
        self.act.take(act)
        self._process, self.health = successor.process, successor.health
        self._began = time.monotonic()
        self._remember(self.health["pid"])
        self._tell_lost()

    async def _replace(self) -> None:
        """Lets a second process with the same release take over: the spare one, or a new one once it is ready."""
        digest = self.wanted or ""
        spare = self._spare.take(digest)
        if spare is None:
            self._spare.drop()  # two processes cannot start behind one door
        successor = spare or Successor(self._door)
        try:
            if spare is None:
                successor.start(self._spawning(digest))
                await successor.ready(lambda: self.live and self.wanted == digest)
            self._give_way(successor)
        except (*GONE, Stopped) as error:
            log.error("%s keeps its process: %s", self.name, error)
        finally:
            if successor.process is not self._process:
                self._turn_away(successor)
            self._again, self._successor = False, None
            self._changed.set()

    def _give_way(self, successor: Successor) -> None:
        """In one turn of the event loop: nobody sees half of it. Both accept for a moment, so that no client waits.

        The old process is told to end while it has a door, so that it does even if this supervisor dies now.
        """
        successor.accept(self.live)
        told, pid = self.health, self._pid
        with suppress(*GONE, Stopped):
            told = {**told, **self.act.call("POST /stop", {"cap": self._drain_seconds, "wait": False})}
        successor.take_over()
        self.act.close()
        if self._look:
            self._draining.see_off(self._look, self._process, pid, told, self._drain_seconds)
        self._installed(successor)
        log.info("%s: process %s took over from %s", self.name, self._pid, pid)

    def _turn_away(self, successor: Successor) -> None:
        """One that did not take over. It may be answering somebody if it was told to accept."""
        if successor.accepts:
            look, act = successor.lines
            act.close()
            self._draining.see_off(look, successor.process, successor.pid, successor.health, self._drain_seconds)
        else:
            successor.give_up()

    async def _connect(self) -> None:
        look = await Line.connect(self._door)
        self.act.open()
        self._look = look
        self.health = await self._look.call("GET /health", timeout=HUNG)
        self._remember(self.health["pid"])
        self._tell_lost()

    def _tell_lost(self) -> None:
        """For the metrics of the process: what earlier ones of the slot had in flight when they ended."""
        if self._totals.lost:
            with suppress(*GONE, Stopped):
                self.act.call("POST /lost", {"count": self._totals.lost})

    async def _begin(self, digest: str) -> None:
        self._process.kill(self._pid)  # one whose door is gone must not go on beside its successor
        pid = self._spawn(self._process, digest, self._door)
        self._remember(pid)
        self._began = time.monotonic()
        while True:
            with suppress(*GONE):
                await self._connect()
                if self.health["pid"] == pid:
                    return
            if (code := self._process.exit_code()) is not None:
                raise ConnectionError(f"ended with {code} before its door opened")
            if time.monotonic() - self._began > OPENING:
                raise ConnectionError(f"no door after {OPENING:.0f} s")
            await asyncio.sleep(0.02)

    async def _died(self) -> None:
        """Nobody wanted it to end: the spare process takes over, or the next start waits longer each time."""
        self._totals.restarted()
        self._bury(self._totals.died(self._door, self.health))
        if time.monotonic() - self._began > STEADY:
            self._deaths = 0
        self.restarts += 1
        self._deaths += 1
        self._last_words = last_words(folders.log_file(self._state, self._starter.name), self.number)
        if not (self.live and self._promote()):
            await self._pause(min(30.0, 0.05 * 2**self._deaths))

    async def end(self, quick: bool = False) -> None:
        """Ends the process after its requests; `quick` gives idle connections no time to leave."""
        self._spare.drop()
        if self._successor:
            self._successor.cancel()
        counts: Counts | None = None
        drain = self._drain_seconds
        if self.health:
            with suppress(*GONE, Stopped):
                body = {"cap": drain, "quiet": 0} if quick else {"cap": drain}
                with closing(await Line.connect(self._door)) as line:
                    counts = (await line.call("POST /stop", body, timeout=drain + 10))["counts"]
                await self._process.ends(self._pid, 3)
        self._process.kill(self._pid)
        self._bury(counts or self._totals.died(self._door, self.health))
        if quick:
            await self._draining.all_gone()

    @property
    def _drain_seconds(self) -> float:
        """Seconds its process has for requests in flight when it ends."""
        return Requirements.read(folders.release_file(self._state, self.health.get("digest", ""))).drain

    def _bury(self, counts: Counts) -> None:
        """Keeps what the process counted; what it had in flight is lost."""
        self._exit.forget()
        if self._look:
            self._look.close()
        self.act.close()
        self._look = None
        self.health = {}
        self._totals.add(counts)

    @property
    def _pid(self) -> int | None:
        return self._totals.pid

    def _remember(self, pid: int) -> None:
        self._exit.watch(pid)
        self._totals.pid = pid

    async def _pause(self, seconds: float) -> None:
        """Or until something else is wanted."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
