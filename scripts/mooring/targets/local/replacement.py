"""A slot's process gives way to another with the same release, while clients are served.

The successor has a door of its own beside the slot's. Once it is ready it accepts, the old process stops
accepting, and the successor's door takes the slot's place. If the supervisor dies in between, the next
one finds a process behind the second door, and lets it drain and end.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.runtime.door import Line

GONE = (OSError, EOFError)

READY = 60.0
"""Seconds a successor has to be ready."""

DRAIN = 60.0
ANSWER = 30.0
"""Seconds a door has to answer."""

Spawn = Callable[[Path], "subprocess.Popen[bytes]"]


def second_door(door: Path) -> Path:
    """Where the successor of the process behind `door` answers until it takes over."""
    return door.with_name(f"{door.name}~")


class Successor:
    """A second process of a slot, until it takes over or is given up."""

    def __init__(self, door: Path) -> None:
        self.health: dict[str, Any] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._door, self._place = second_door(door), door
        self._look: Line | None = None
        self._act: Line | None = None
        self._accepts = False

    async def start(self, spawn: Spawn) -> None:
        """Starts the process. Raises OSError or Failed(PROCESS) when that fails."""
        self._door.unlink(missing_ok=True)
        self.process = spawn(self._door)

    async def ready(self, wanted: Callable[[], bool]) -> None:
        """Waits until it is ready. Raises Failed when it ends first, takes too long or is wanted no more."""
        end = time.monotonic() + READY
        while not self.health.get("ready"):
            if self.process is None or self.process.poll() is not None:
                raise Failed(Reason.PROCESS, "its successor ended before it was ready")
            if time.monotonic() > end:
                raise Failed(Reason.DEADLINE, f"its successor is not ready after {READY:.0f} s")
            if not wanted():
                raise Failed(Reason.PROCESS, "no successor is wanted any more")
            with suppress(*GONE):
                if self._look is None:
                    self._look, self._act = await Line.connect(self._door), await Line.connect(self._door)
                self.health = await self._look.call("GET /health", timeout=ANSWER)
            await asyncio.sleep(0.02)

    async def accept(self, on: bool) -> None:
        """Makes it live, if it is to be. Raises OSError, EOFError or Stopped."""
        if self._act is None or self._look is None:
            raise ConnectionError("it has no door")
        self._accepts = on
        await self._act.call("POST /accept", {"on": on})
        self.health = await self._look.call("GET /health", timeout=ANSWER)

    def take_over(self) -> tuple[Line, Line]:
        """Puts its door in the slot's place; the lines to it."""
        if self._act is None or self._look is None:
            raise ConnectionError("it has no door")
        self._door.replace(self._place)
        self._door.with_suffix(".fd").replace(self._place.with_suffix(".fd"))
        self.process = None
        return self._look, self._act

    def give_up(self) -> None:
        """Ends it, unless it took over, or may be answering somebody: then the next supervisor lets it drain."""
        if self.process is not None and not self._accepts:
            for line in (self._look, self._act):
                if line:
                    line.close()
            self.process.kill()
            self.process.wait(5)


async def dismiss(door: Path) -> None:
    """Lets the successor that a dead supervisor left behind drain and end, if there is one."""
    with suppress(*GONE, Stopped):
        line = await Line.connect(second_door(door))
        await line.call("POST /stop", {"cap": DRAIN}, timeout=DRAIN + 10)
        line.close()


class Leaving:
    """A process that gave way, until its last request is answered. `counts` are the last it told."""

    def __init__(
        self, line: Line, pid: int | None, process: "subprocess.Popen[bytes] | None", counts: Mapping[str, int]
    ) -> None:
        self.counts = counts
        self._line, self._pid, self._process = line, pid, process

    async def drain(self, cap: float) -> None:
        """Ends it after its requests, or after `cap` seconds."""
        with suppress(*GONE, Stopped):
            self.counts = (await self._line.call("POST /stop", {"cap": cap}, timeout=cap + 10))["counts"]
        self._line.close()
        await self._gone(3)
        if self._process and self._process.poll() is None:
            self._process.kill()
        elif self._process is None and self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def _gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and (self._process is None or self._process.poll() is None):
            if self._process is None and not Path(f"/proc/{self._pid}").exists():
                self._pid = None
                return
            await asyncio.sleep(0.02)
