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
from mooring.runtime.door import Line, Wire
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory
from mooring.targets.local.needs import Needs
from mooring.targets.local.process import Process, last_words

LOOK = 0.2
"""Seconds between two looks at a slot."""

OPENING = 15.0
"""Seconds a new process has to open its door."""

HUNG = 30.0
"""Seconds without an answer after which a slot is ended and started again."""

ACT = 3.0
"""Seconds a slot has to start or stop accepting."""

STEADY = 60.0
"""Seconds a process has to live for its end to count as the first one."""

GONE = (OSError, EOFError)
Surroundings = Callable[[str], Mapping[str, str]]
"""The environment variables of a slot that runs a digest."""

log = logging.getLogger("mooring.supervisor")


class Keeper:
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
        self._again = False
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
        """A new process with the same release; while the live slot has none, connections wait in the queue."""
        self._again = True
        self._changed.set()

    # --- what is there ---

    async def facts(self) -> dict[str, Any]:
        """The slot as it is now, JSON-able."""
        if self._look:
            # Not cancelled when it takes long: that would break the line, and a busy slot is not a dead one.
            looking = asyncio.create_task(self._ask_health(self._look))
            await asyncio.wait((looking,), timeout=1)
        past, now = self._memory.slots[self.name].totals, self.health.get("counts", {})
        reasons = self.health.get("reasons", [self._last_words] if self._last_words else [])
        return {
            **{key: self.health.get(key) for key in ("digest", "pid", "rss", "connections")},
            "ready": self.health.get("ready", False),
            "reasons": reasons,
            "accepting": self.health.get("accepting", False),
            "totals": {name: past.get(name, 0) + now.get(name, 0) for name in COUNTS},
            "in_flight": self.health.get("in_flight", 0),
            "restarts": self.restarts,
            "wanted": self.wanted,
        }

    async def _ask_health(self, line: Line) -> None:
        with suppress(*GONE, Stopped):
            self.health = await line.call("GET /health", timeout=HUNG)

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
            self._act.call("POST /accept", {"on": on})
        except GONE as error:
            self._act.close()
            self._act = None
            with suppress(OSError):
                self._act = Wire(self._door, ACT)
            raise Failed(Reason.PROCESS, f"{self.name} did not answer: {error!r}") from None

    # --- the loop ---

    async def run(self) -> None:
        """Until cancelled. The slot's process goes on then."""
        with suppress(*GONE, Stopped):
            await self._connect()
            log.info("%s: adopted process %s", self.name, self.health["pid"])
        while True:
            try:
                await self._reconcile()
            except GONE as error:
                log.warning("%s: %r", self.name, error)
                await self._died()
            except Exception:
                log.exception("%s", self.name)
                await asyncio.sleep(1)

    async def _reconcile(self) -> None:
        if self._look is not None:
            if self._again or self.health.get("digest", self.wanted) != self.wanted:
                await self.end()
            else:
                await self._watch(self._look)
        elif self.wanted is not None:
            self._again = False
            await self._begin(self.wanted)
        else:
            await self._changed.wait()
            self._changed.clear()

    async def _watch(self, look: Line) -> None:
        try:
            self.health = await look.call("GET /health", timeout=HUNG)
        except TimeoutError:
            log.error("%s hangs", self.name)
            self._process.kill(self._pid)
            raise
        if self.health["ready"] and self.health["accepting"] != self.live:
            with suppress(Stopped):  # asked again at the next look
                self.accept(self.live)
        await self._pause(LOOK)

    async def _connect(self) -> None:
        self._look, self._act = await Line.connect(self._door), Wire(self._door, ACT)
        self.health = await self._look.call("GET /health", timeout=HUNG)
        self._remember(self.health["pid"])

    async def _begin(self, digest: str) -> None:
        self._process.kill(self._pid)  # one whose door is gone must not go on beside its successor
        options = ["--slot", self.name, "--release", str(folders.release_file(self._state, digest))]
        options += ["--listen-fd", str(self.listening), "--admin", str(self._door), "--state", str(self._state)]
        log_file = folders.log_file(self._state, self.name)
        pid = self._process.spawn([*self._command, *options], self._around(digest), self.listening, log_file)
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
        counts = self.health.get("counts", {})
        if self.health:
            drain = Needs.read(folders.release_file(self._state, self.health["digest"])).drain
            with suppress(*GONE, Stopped):
                body = {"cap": drain, "quiet": 0} if quick else {"cap": drain}
                with closing(await Line.connect(self._door)) as line:
                    counts = (await line.call("POST /stop", body, timeout=drain + 10))["counts"]
                await self._process.ends(self._pid, 3)
        self._process.kill(self._pid)
        self._bury(counts)

    def _bury(self, counts: Mapping[str, int]) -> None:
        """What the process counted is kept; what was in flight has no answer and shows as lost."""
        if self._look:
            self._look.close()
        if self._act:
            self._act.close()
        self._look = self._act = None
        self.health = {}
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
