"""Replaces the process of a slot by another with the same release, while clients are served.

The successor has a door of its own beside the slot's. Once it is ready it accepts, the old process is told
to end, and the successor's door takes the slot's place. If the supervisor dies in between, the next one
finds a process behind the second door, and lets it drain and end.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.runtime.process.unix_http import Line, Wire
from mooring.targets.host import folders
from mooring.targets.local.process import Process

GONE = (OSError, EOFError)
"""What a call to a door raises when its process has gone."""

ACT = 3.0
"""Seconds a slot has to start or stop accepting."""

READY = 60.0
"""Seconds a successor has to be ready."""

ANSWER = 30.0
"""Seconds its door has to answer."""

Spawn = Callable[[Process, Path], int]
"""Starts a process that answers at a door; its process id."""


class Successor:
    """A second process of the slot with this `door`, until it takes over or is given up."""

    def __init__(self, door: Path) -> None:
        self.process = Process(door)
        self.pid: int | None = None
        self.health: dict[str, Any] = {}
        self.accepts = False
        self._place, self._door = door, folders.second(door)
        self._look: Line | None = None
        self._act: Wire | None = None

    def start(self, spawn: Spawn) -> None:
        """Raises OSError when no process can be started."""
        self._door.unlink(missing_ok=True)
        self.pid = spawn(self.process, self._door)

    async def ready(self, wanted: Callable[[], bool]) -> None:
        """Waits until it is ready. Raises Failed when it ends first, takes too long or is no longer wanted."""
        end = time.monotonic() + READY
        while not self.health.get("ready"):
            if self.process.exit_code() is not None:
                raise Failed(Reason.PROCESS, "its successor ended before it was ready")
            if time.monotonic() > end:
                raise Failed(Reason.DEADLINE, f"its successor is not ready after {READY:.0f} s")
            if not wanted():
                raise Failed(Reason.PROCESS, "no successor is wanted any more")
            with suppress(*GONE):
                if self._look is None:
                    self._look = await Line.connect(self._door)
                self.health = await self._look.call("GET /health", timeout=ANSWER)
            await asyncio.sleep(0.02)
        self._act = Wire(self._door, ACT)

    async def connect(self) -> None:
        """Finds a process that another supervisor started. Raises OSError, EOFError or Stopped."""
        self._look = await Line.connect(self._door)
        self.health = await self._look.call("GET /health", timeout=ANSWER)
        self.pid = self.health["pid"]
        self._act = Wire(self._door, ACT)

    async def well(self) -> bool:
        """Whether it is still there and ready."""
        if self._look is None or not self.process.running(self.pid):
            return False
        with suppress(*GONE, Stopped):
            self.health = await self._look.call("GET /health", timeout=ANSWER)
            return bool(self.health["ready"])
        return False

    def accept(self, on: bool) -> None:
        """Makes it live, if it is to be. Raises OSError or Stopped."""
        _look, act = self.lines
        self.accepts = on
        act.call("POST /accept", {"on": on})
        self.health = act.call("GET /health")

    def take_over(self) -> None:
        """Puts its door in the slot's place."""
        self._door.replace(self._place)
        for suffix in (".fd", ".counts"):
            with suppress(FileNotFoundError):
                self._door.with_suffix(suffix).replace(self._place.with_suffix(suffix))

    @property
    def lines(self) -> tuple[Line, Wire]:
        """To look and to act. ConnectionError while it is not ready."""
        if self._look is None or self._act is None:
            raise ConnectionError("it has no door")
        return self._look, self._act

    def give_up(self) -> None:
        """Ends it at once."""
        for line in (self._look, self._act):
            if line:
                line.close()
        self.process.kill(self.pid)
