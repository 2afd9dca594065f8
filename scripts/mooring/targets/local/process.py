"""The process of a worker, whether this supervisor started it or one before."""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from mooring.targets.host import folders, logs


class Process:
    """At most one at a time. `door` tells it from every other process, even from one with the same number."""

    def __init__(self, door: Path) -> None:
        self._doors = {str(door), str(folders.second(door))}
        self._child: subprocess.Popen[bytes] | None = None

    def spawn(self, command: Sequence[str], environ: Mapping[str, str], listening: int, log: Path) -> int:
        """Starts it; its process id. It gets the listening socket and outlives this process. Raises OSError."""
        with logs.opened(log) as output:
            self._child = subprocess.Popen(
                command,
                pass_fds=(listening,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(environ),
                start_new_session=True,
            )
        return self._child.pid

    def exit_code(self) -> int | None:
        """How the one that was spawned here ended; None while it runs."""
        return self._child.poll() if self._child else None

    def running(self, pid: int | None) -> bool:
        """Whether `pid` is still a process of the slot, and no zombie."""
        self.exit_code()
        if pid is None:
            return False
        try:
            process = psutil.Process(pid)
            return process.status() != psutil.STATUS_ZOMBIE and not self._doors.isdisjoint(process.cmdline())
        except psutil.Error:
            return False

    async def ends(self, pid: int | None, seconds: float) -> None:
        """Waits for its end, at most so many seconds."""
        end = time.monotonic() + seconds
        while True:
            if not self.running(pid) or time.monotonic() > end:
                return
            await asyncio.sleep(0.01)

    def kill(self, pid: int | None) -> None:
        """Kills it, if it runs."""
        if pid is not None and self.running(pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self._child:
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(2)


Surroundings = Callable[[str], Mapping[str, str]]
"""The environment variables of a slot that runs a digest."""


@dataclass
class Starter:
    """Starts processes of the slot `name`. `command` is completed by options; `listening` is a descriptor."""

    name: str
    state: Path
    command: Sequence[str]
    around: Surroundings
    listening: int = -1

    def spawn(self, process: Process, digest: str, door: Path, worker: int, workers: int) -> int:
        """Starts a process with a release, behind a door, as one of so many workers; its id. Raises OSError."""
        options = ["--slot", self.name, "--release", str(folders.release_file(self.state, digest))]
        options += ["--worker", str(worker), "--workers", str(workers)]
        options += ["--listen-fd", str(self.listening), "--admin", str(door), "--state", str(self.state)]
        log_file = folders.log_file(self.state, self.name)
        return process.spawn([*self.command, *options], self.around(digest), self.listening, log_file)


class Exit:
    """Calls `ended` in the running loop as soon as a process ends, whoever started it (pidfd_open(2))."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._descriptor: int | None = None

    def watch(self, pid: int) -> None:
        """Watches this process instead of any other. Where the kernel has no pidfd, nothing is noticed."""
        self.forget()
        with suppress(OSError):
            self._descriptor = os.pidfd_open(pid)
            asyncio.get_running_loop().add_reader(self._descriptor, self._over)

    def forget(self) -> None:
        """Watches no process."""
        if self._descriptor is not None:
            asyncio.get_running_loop().remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._descriptor = None

    def _over(self) -> None:
        self.forget()
        self._ended()
