"""One run of a container: a process in a session of its own, with its output in a file."""

import asyncio
import datetime
import errno
import os
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.cluster.sources import Paths
from tests.reaper import VARIABLE

Json = dict[str, Any]
MESSAGE_BYTES, FALLBACK_BYTES, FALLBACK_LINES = 4096, 2048, 80
"""Source: https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/"""


def stamp() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Process:
    """What a container runs, until it ends or is killed; `message` is where it may write its last words.

    `before` is what stands before each of its commands, and becomes that command.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    log: Path
    message: Path
    paths: Paths
    identity: str
    before: Sequence[str] = ()
    started: str = field(default_factory=stamp)
    finished: str = ""
    _running: asyncio.subprocess.Process | None = None
    _failed: str = ""

    async def start(self) -> None:
        """Starts it. A program that cannot be started has ended with code 128, as a runtime would report."""
        with self.log.open("ab") as log:
            try:
                self._running = await asyncio.create_subprocess_exec(
                    *self.before, self._program, *self.command[1:], cwd=self.folder, env=_surrounded(self.environ),
                    stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                )  # fmt: skip
            except (OSError, ValueError) as error:
                self._failed = f"failed to start containerd task: {error}"

    @property
    def _program(self) -> str:
        """Raises FileNotFoundError for one that is not there, which whatever stands before it could not say."""
        path = self.environ.get("PATH", os.environ["PATH"])
        found = shutil.which(self.command[0], path=path) if self.before else self.command[0]
        if found is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self.command[0])
        return found

    @property
    def pid(self) -> int:
        """0 for one that could not be started."""
        return self._running.pid if self._running else 0

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.returncode is None

    async def wait(self) -> None:
        """Until it has ended, and with it whatever it started: a container ends with its first process."""
        if self._running:
            await self._running.wait()
            self.kill()
        self.finished = self.finished or stamp()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal to the first process."""
        if self._running and self._running.returncode is None:
            with suppress(ProcessLookupError):
                os.kill(self._running.pid, number)

    def kill(self) -> None:
        """Kills all processes of it."""
        if self._running:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)

    async def execute(self, command: Sequence[str]) -> int:
        """The exit code of a command run in the container, as a hook or a probe does; killed when it is cancelled."""
        with self.log.open("ab") as log:
            running = await asyncio.create_subprocess_exec(
                *self.before, *map(self.paths.here, command), cwd=self.folder, env=_surrounded(self.environ),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            return await running.wait()
        finally:
            if running.returncode is None:
                running.kill()

    @property
    def code(self) -> int:
        """Of one that has ended: its exit code, 128 and more for a signal."""
        code = self._running.returncode if self._running else 128
        assert code is not None
        return 128 - code if code < 0 else code

    def terminated(self, from_log: bool) -> Json:
        """The state of one that has ended, as a pod's status has it; `from_log` takes last words from its output."""
        reason = "StartError" if self._failed else "Error" if self.code else "Completed"
        state = {"exitCode": self.code, "reason": reason, "startedAt": self.started, "finishedAt": self.finished}
        if message := self._failed or self._last_words(from_log):
            state["message"] = message
        return {**state, "containerID": self.identity}

    def _last_words(self, from_log: bool) -> str:
        with suppress(FileNotFoundError):
            if written := self.message.read_text(errors="replace")[:MESSAGE_BYTES]:
                return written
        if not (from_log and self.code):
            return ""
        lines = self.log.read_text(errors="replace").splitlines(keepends=True)[-FALLBACK_LINES:]
        return "".join(lines)[-FALLBACK_BYTES:]


def _surrounded(environ: Mapping[str, str]) -> dict[str, str]:
    """With the mark by which tests find what they started."""
    return {"PATH": os.environ["PATH"], VARIABLE: os.environ[VARIABLE], **environ}
