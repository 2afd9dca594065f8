"""Keeps one slot as it should be: the right release running, or nothing; live, or not.

A loop that compares what is wanted with what is there. It does not care how the difference came
about, so starting, adopting after a crash, restarting and replacing are one thing.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout.target import COUNTS
from mooring.runtime.process.unix_http import Line, Wire
from mooring.targets.local import folders
from mooring.targets.local.draining import Counts, Draining
from mooring.targets.local.memory import Memory
from mooring.targets.local.process import Process, last_words
from mooring.targets.local.replacement import ACT, GONE, Successor
from mooring.targets.local.requirements import Requirements

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

Surroundings = Callable[[str], Mapping[str, str]]
"""The environment variables of a slot that runs a digest."""

log = logging.getLogger("mooring.supervisor")


class Reconciler:
    """One slot. `command` starts its process, completed by the slot's options; `listening` is a descriptor."""

    def __init__(self, name: str, state: Path, memory: Memory, command: Sequence[str], around: Surroundings) -> None:
        self.name = name
        self.listening = -1
        self.health: dict[str, Any] = {}
        self.restarts = 0
        self._state, self._memory, self._command, self._around = state, memory, command, around
        self._door = folders.admin(state, name)
        self._process = Process(self._door)
        self._look: Line | None = None
        self._act: Wire | None = None
        self._successor: asyncio.Task[None] | None = None
        self._leaving = Draining(self._count)
        self._again = False
        self._rest_until = 0.0
        self._changed = asyncio.Event()
        self._began = 0.0
        self._deaths = 0
        self._last_words = ""

    # --- what is wanted ---

    @property
    def wanted(self) -> str | None:
        return self._memory.slots[self.name].digest

    @property
    def live(self) -> bool:
        return self._memory.live == self.name

    def want(self, digest: str | None) -> None:
        """Hold this release, or none. The process that holds another ends first, after its requests."""
        if digest != self.wanted:
            self._memory.slots[self.name].digest = digest
            self._memory.save()
            self._last_words = ""
        self.restarts = 0
        self._deaths = 0
        self._changed.set()

    def restart(self) -> None:
        """A new process with the same release. A live one serves until the new one is ready to take over."""
        self._again = True
        self._changed.set()

    # --- what is there ---

    async def facts(self) -> dict[str, Any]:
        """The slot as it is now, JSON-able."""
        if self._look:
            # Not cancelled when it takes long: that would break the line, and a busy slot is not a dead one.
            looking = asyncio.create_task(self._ask_health(self._look))
            await asyncio.wait((looking,), timeout=1)
        past = self._memory.slots[self.name].totals
        counts = [self.health.get("counts", {}), *self._leaving.counts]
        reasons = self.health.get("reasons", [self._last_words] if self._last_words else [])
        return {
            **{key: self.health.get(key) for key in ("digest", "pid", "rss", "connections", "runtime")},
            "ready": self.health.get("ready", False),
            "reasons": reasons,
            "accepting": self.health.get("accepting", False),
            "totals": {name: past.get(name, 0) + sum(now.get(name, 0) for now in counts) for name in COUNTS},
            "in_flight": sum(now.get("in_flight", 0) for now in counts),
            "restarts": self.restarts,
            "wanted": self.wanted,
        }

    async def _ask_health(self, look: Line) -> None:
        with suppress(*GONE, Stopped):
            await self._see(look)

    async def _see(self, look: Line) -> None:
        health = await look.call("GET /health", timeout=HUNG)
        if look is self._look:  # no other process took over meanwhile
            self.health = health

    async def check(self, digest: str) -> None:
        """Refused(NOT_READY) unless the slot is ready with `digest` at this moment."""
        now = await self.facts()
        if self._act is None or not now["ready"] or now["digest"] != digest:
            raise Refused(Reason.NOT_READY, f"{self.name} is not ready: {'; '.join(now['reasons']) or 'empty'}")

    def accept(self, on: bool) -> None:
        """Turn accepting on or off, at once and without a turn of the event loop: this is the switch.

        Failed(PROCESS) when the slot does not answer in ACT seconds.
        """
        if self._act is None:
            raise Failed(Reason.PROCESS, f"{self.name} is not running")
        try:
            self.health |= self._act.call("POST /accept", {"on": on})
        except GONE as error:
            self._act.close()
            self._act = None
            with suppress(OSError):
                self._act = Wire(self._door, ACT)
            raise Failed(Reason.PROCESS, f"{self.name} did not answer: {error!r}") from None

    # --- the loop ---

    async def run(self) -> None:
        """Until cancelled. The slot's process goes on then."""
        await self._adopt()
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
            line = await Line.connect(folders.second(self._door))
            health = await line.call("GET /health")
            self._leaving.see_off(line, Process(self._door), health["pid"], health["counts"], self._drain)

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
                self.accept(self.live)
        await self._pause(LOOK)

    async def _replace(self) -> None:
        """Starts a second process with the same release, and lets it take over once it is ready."""
        successor, digest = Successor(self._door), self.wanted or ""
        try:
            successor.start(lambda process, door: self._spawn(process, digest, door))
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
        told, pid = self.health.get("counts", {}), self._pid
        if self._act:
            with suppress(*GONE, Stopped):
                told = self._act.call("POST /stop", {"cap": self._drain, "wait": False})["counts"]
        successor.take_over()
        if self._act:
            self._act.close()
        if self._look:
            self._leaving.see_off(self._look, self._process, pid, told, self._drain)
        self._look, self._act = successor.lines
        self._process, self.health = successor.process, successor.health
        self._began = time.monotonic()
        self._remember(self.health["pid"])
        log.info("%s: process %s took over from %s", self.name, self._pid, pid)

    def _turn_away(self, successor: Successor) -> None:
        """One that did not take over. It may be answering somebody if it was told to accept."""
        if successor.accepts:
            look, act = successor.lines
            act.close()
            self._leaving.see_off(look, successor.process, successor.pid, successor.health["counts"], self._drain)
        else:
            successor.give_up()

    async def _connect(self) -> None:
        self._look, self._act = await Line.connect(self._door), Wire(self._door, ACT)
        self.health = await self._look.call("GET /health", timeout=HUNG)
        self._remember(self.health["pid"])

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

    def _spawn(self, process: Process, digest: str, door: Path) -> int:
        options = ["--slot", self.name, "--release", str(folders.release_file(self._state, digest))]
        options += ["--listen-fd", str(self.listening), "--admin", str(door), "--state", str(self._state)]
        log_file = folders.log_file(self._state, self.name)
        return process.spawn([*self._command, *options], self._around(digest), self.listening, log_file)

    async def _died(self) -> None:
        """Nobody wanted it to end: count, and wait longer each time before the next start."""
        self._bury(self.health.get("counts", {}))
        if time.monotonic() - self._began > STEADY:
            self._deaths = 0
        self.restarts += 1
        self._deaths += 1
        self._last_words = last_words(folders.log_file(self._state, self.name))
        await self._pause(min(30.0, 0.05 * 2**self._deaths))

    async def end(self, quick: bool = False) -> None:
        """End the process after its requests; `quick` gives idle connections no time to leave."""
        if self._successor:
            self._successor.cancel()
        counts, drain = self.health.get("counts", {}), self._drain
        if self.health:
            with suppress(*GONE, Stopped):
                body = {"cap": drain, "quiet": 0} if quick else {"cap": drain}
                with closing(await Line.connect(self._door)) as line:
                    counts = (await line.call("POST /stop", body, timeout=drain + 10))["counts"]
                await self._process.ends(self._pid, 3)
        self._process.kill(self._pid)
        self._bury(counts)
        if quick:
            await self._leaving.all_gone()

    @property
    def _drain(self) -> float:
        """Seconds its process has for requests in flight when it ends."""
        return Requirements.read(folders.release_file(self._state, self.health.get("digest", ""))).drain

    def _bury(self, counts: Counts) -> None:
        """What the process counted is kept; what was in flight has no answer and shows as lost."""
        if self._look:
            self._look.close()
        if self._act:
            self._act.close()
        self._look = self._act = None
        self.health = {}
        self._count(counts)

    def _count(self, counts: Counts) -> None:
        totals = self._memory.slots[self.name].totals
        self._memory.slots[self.name].totals = {name: totals.get(name, 0) + counts.get(name, 0) for name in COUNTS}
        self._note()

    @property
    def _pid(self) -> int | None:
        return self._memory.slots[self.name].pid

    def _remember(self, pid: int) -> None:
        if self._pid != pid:
            self._memory.slots[self.name].pid = pid
            self._note()

    def _note(self) -> None:
        """Counts and process ids are good to have after a crash; a full disk must not end a slot for them."""
        try:
            self._memory.save()
        except Failed as failed:
            log.warning("%s", failed)

    async def _pause(self, seconds: float) -> None:
        """Or until something else is wanted."""
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), seconds)
