"""Keeps one slot as it should be: the right release running, or nothing; live, or not.

A loop that compares what is wanted with what is there. It does not care how the difference came
about, so starting, adopting after a crash, restarting and replacing are one thing.
"""

import asyncio
import json
import logging
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason
from mooring.rollout.target import COUNTS
from mooring.runtime.door import Line
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory
from mooring.targets.local.needs import Needs
from mooring.targets.local.replacement import GONE, Leaving, Successor, dismiss, second_door

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


class Keeper:
    """One slot. `command` starts its process, completed by the slot's options."""

    def __init__(self, name: str, state: Path, memory: Memory, command: Sequence[str], around: Surroundings) -> None:
        self.name = name
        self.health: dict[str, Any] = {}
        self.restarts = 0
        self._state, self._memory, self._command, self._around = state, memory, command, around
        self._door = folders.admin(state, name)
        self._process: subprocess.Popen[bytes] | None = None
        self._look: Line | None = None
        self._act: Line | None = None
        self._successor: asyncio.Task[None] | None = None
        self._leaving: dict[asyncio.Task[None], Leaving] = {}
        self._taking_over = asyncio.Lock()
        self._dismissing: asyncio.Task[None] | None = None
        self._again = False
        self._rest_until = 0.0
        self._changed = asyncio.Event()
        self._began = 0.0
        self._deaths = 0
        self._last_words = ""
        self.listening = -1

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
        self._rest_until = 0
        self._changed.set()

    # --- what is there ---

    async def facts(self) -> dict[str, Any]:
        """The slot as it is now, JSON-able."""
        if self._look:
            # Not cancelled when it takes long: that would break the line, and a busy slot is not a dead one.
            looking = asyncio.create_task(self._ask_health(self._look))
            await asyncio.wait((looking,), timeout=1)
        past = self._memory.slots[self.name].totals
        counts = [self.health.get("counts", {}), *(leaving.counts for leaving in self._leaving.values())]
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

    async def _ask_health(self, line: Line) -> None:
        with suppress(*GONE, Stopped):
            self.health = await line.call("GET /health", timeout=HUNG)

    async def check(self, digest: str) -> None:
        """Refused(NOT_READY) unless the slot is ready with `digest` at this moment."""
        now = await self.facts()
        if self._act is None or not now["ready"] or now["digest"] != digest:
            raise Refused(Reason.NOT_READY, f"{self.name} is not ready: {'; '.join(now['reasons']) or 'empty'}")

    async def accept(self, on: bool) -> None:
        """Turn accepting on or off, at once. Failed(PROCESS) when the slot does not answer."""
        async with self._taking_over:
            await self._accept(on)

    async def _accept(self, on: bool) -> None:
        if self._act is None:
            raise Failed(Reason.PROCESS, f"{self.name} is not running")
        try:
            await self._act.call("POST /accept", {"on": on}, timeout=5)
        except GONE as error:
            with suppress(OSError):
                self._act = await Line.connect(self._door)
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

    async def _reconcile(self) -> None:
        if self._look is not None:
            again = self._again or self.health.get("replace", False)
            if self.health.get("digest", self.wanted) != self.wanted or (again and not self._serving):
                await self.end()
                return
            if again and self._successor is None and time.monotonic() >= self._rest_until:
                self._successor = asyncio.create_task(self._replace())
            await self._watch(self._look)
        elif self.wanted is not None:
            self._again = False
            if self._successor:  # a successor that is nearly there is sooner than a new start
                await asyncio.wait((self._successor,))
            if self._look is None:
                await self._begin(self.wanted)
        else:
            await self._changed.wait()
            self._changed.clear()

    @property
    def _serving(self) -> bool:
        """Whether clients would notice if its process ended."""
        return self.live and bool(self.health.get("accepting"))

    async def _watch(self, look: Line) -> None:
        try:
            health = await look.call("GET /health", timeout=HUNG)
        except TimeoutError:
            log.error("%s hangs", self.name)
            self._kill()
            raise
        if look is not self._look:
            return  # another process took over meanwhile
        self.health = health
        if self.health["ready"] and self.health["accepting"] != self.live:
            with suppress(Stopped):  # asked again at the next look
                await self.accept(self.live)
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), LOOK)

    async def _replace(self) -> None:
        """Starts a second process with the same release, and lets it take over once it is ready."""
        successor, digest = Successor(self._door), self.wanted
        try:
            await successor.start(lambda door: self._spawn(digest or "", door))
            await successor.ready(lambda: self.live and self.wanted == digest)
            await self._give_way(successor)
        except (*GONE, Stopped) as error:
            log.error("%s keeps its process: %s", self.name, error)
        finally:
            successor.give_up()
            self._again, self._successor = False, None
            self._rest_until = time.monotonic() + REST
            self._changed.set()

    async def _give_way(self, successor: Successor) -> None:
        """Both accept for a moment, so that nobody waits. The old one is told to end while it still has a door."""
        async with self._taking_over:
            process, old, pid = successor.process, self._act, self._memory.slots[self.name].pid
            await successor.accept(self.live)
            if old:
                with suppress(*GONE, Stopped):
                    await old.call("POST /accept", {"on": False}, timeout=5)
                self._see_off(Leaving(old, pid, self._process, self.health.get("counts", {})))
                await asyncio.sleep(0)
            if self._look:
                self._look.close()
            self._look, self._act = successor.take_over()
            self._process, self.health = process, successor.health
            self._remember(self.health["pid"])
        log.info("%s: process %s took over from %s", self.name, self.health["pid"], pid)

    def _see_off(self, leaving: Leaving) -> None:
        drain = Needs.read(folders.release_file(self._state, self.wanted or "")).drain
        task = asyncio.create_task(leaving.drain(drain))
        self._leaving[task] = leaving
        task.add_done_callback(self._left)

    def _left(self, task: asyncio.Task[None]) -> None:
        self._count(self._leaving.pop(task).counts)
        with suppress(Stopped):  # a full disk; the next save has it
            self._memory.save()

    def _count(self, counts: Mapping[str, int]) -> None:
        memory = self._memory.slots[self.name]
        memory.totals = {name: memory.totals.get(name, 0) + counts.get(name, 0) for name in COUNTS}

    async def _adopt(self) -> None:
        """Take over the process another supervisor started, and finish what that one left: a process too many."""
        with suppress(*GONE, Stopped):
            await self._connect()
            log.info("%s: adopted process %s", self.name, self.health["pid"])
        self._dismissing = asyncio.create_task(dismiss(self._door))

    async def _connect(self) -> None:
        self._look, self._act = await Line.connect(self._door), await Line.connect(self._door)
        self.health = await self._look.call("GET /health", timeout=HUNG)
        self._remember(self.health["pid"])

    async def _begin(self, digest: str) -> None:
        self._kill()  # a process whose door is gone must not go on beside its successor
        process = self._process = self._spawn(digest, self._door)
        self._remember(process.pid)
        self._began = time.monotonic()
        while True:
            with suppress(*GONE):
                await self._connect()
                if self.health["pid"] == process.pid:
                    return
            if process.poll() is not None:
                raise ConnectionError(f"ended with {process.returncode} before its door opened")
            if time.monotonic() - self._began > OPENING:
                raise ConnectionError(f"no door after {OPENING:.0f} s")
            await asyncio.sleep(0.02)

    def _spawn(self, digest: str, door: Path) -> subprocess.Popen[bytes]:
        arguments = ["--slot", self.name, "--release", str(folders.release_file(self._state, digest))]
        arguments += ["--listen-fd", str(self.listening), "--admin", str(door), "--state", str(self._state)]
        with folders.open_log(folders.log_file(self._state, self.name)) as output:
            return subprocess.Popen(
                [*self._command, *arguments],
                pass_fds=(self.listening,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(self._around(digest)),
                start_new_session=True,
            )

    async def _died(self) -> None:
        """Nobody wanted it to end: count, and wait longer each time before the next start."""
        self._bury(self.health.get("counts", {}))
        if time.monotonic() - self._began > STEADY:
            self._deaths = 0
        self.restarts += 1
        self._deaths += 1
        self._last_words = _last_words(folders.log_file(self._state, self.name))
        self._changed.clear()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), min(30.0, 0.05 * 2**self._deaths))

    async def end(self, quick: bool = False) -> None:
        """End the process after its requests; `quick` gives idle connections no time to leave."""
        async with self._taking_over:
            if self._successor:
                self._successor.cancel()
        counts = self.health.get("counts", {})
        drain = Needs.read(folders.release_file(self._state, self.health.get("digest", ""))).drain
        if self._act:
            with suppress(*GONE, Stopped):
                body = {"cap": drain, "quiet": 0} if quick else {"cap": drain}
                counts = (await self._act.call("POST /stop", body, timeout=drain + 10))["counts"]
                await self._wait_gone(3)
        self._kill()
        self._bury(counts)
        if quick and self._leaving:
            await asyncio.wait(self._leaving)

    async def _wait_gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while _is_running(self._memory.slots[self.name].pid, self._door) and time.monotonic() < end:
            if self._process:
                self._process.poll()
            await asyncio.sleep(0.01)

    def _bury(self, counts: Mapping[str, int]) -> None:
        """What the process counted is kept; what was in flight has no answer and shows as lost."""
        for line in (self._look, self._act):
            if line:
                line.close()
        self._look = self._act = None
        self.health = {}
        if self._process:
            self._process.poll()
        self._count(counts)
        memory = self._memory.slots[self.name]
        memory.pid = None if not _is_running(memory.pid, self._door) else memory.pid
        self._memory.save()

    def _remember(self, pid: int) -> None:
        if self._memory.slots[self.name].pid != pid:
            self._memory.slots[self.name].pid = pid
            self._memory.save()

    def _kill(self) -> None:
        pid = self._memory.slots[self.name].pid
        if pid is not None and _is_running(pid, self._door):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._process:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2)


def _is_running(pid: int | None, door: Path) -> bool:
    """Whether this process is still the slot behind `door`, not a zombie or another with the same number."""
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        named = any(argument in (str(door), str(second_door(door))) for argument in process.cmdline())
        return named and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _last_words(path: Path) -> str:
    """The last error in a log of JSON lines, or its last line."""
    with suppress(OSError, ValueError):
        lines = path.read_bytes()[-8192:].decode(errors="replace").strip().splitlines()
        for line in reversed(lines):
            with suppress(ValueError):
                if (entry := json.loads(line)).get("level") == "error":
                    return str(entry["event"])
        return lines[-1] if lines else ""
    return ""
