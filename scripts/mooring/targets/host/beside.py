"""Keeps a process running beside the slots: the monitor, which says how the environment is, and the door of chat.

It outlives its supervisor. What becomes of it concerns no slot: it has a socket of its own, which stays open from one
process to the next, and one that keeps ending is started less and less often.
"""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mooring.errors import Failed
from mooring.runtime.process.handover import take_back
from mooring.targets.host import folders, logs
from mooring.targets.host.listening import bind
from mooring.targets.host.memory import Memory
from mooring.targets.host.requirements import Requirements

ANYWHERE = "127.0.0.1:0"

AGAIN, SELDOM = 5.0, 320.0
"""Seconds from one start to the next: at first, and at most after many that ended soon."""

WELL = 60.0
"""Seconds after which a process that ends has not ended soon."""

PATIENCE = 10.0
"""Seconds that it waits for slots to be ready, which its own start would slow down."""

ENDING = 10.0
"""Seconds that a process has to end when it is told to; while it does not, another one waits."""

log = logging.getLogger("mooring.supervisor")


@dataclass(frozen=True, slots=True)
class Kind:
    """`name` is that of its log, its port in memory, and of `target.<name>` in the environment's document.

    `command` starts it; options are appended. Its code is above targets, so that it is known by name alone.
    `where` says from what the live release requires at which host:port it listens, None where it is not to run.
    """

    name: str
    command: Sequence[str]
    where: Callable[[Requirements], str | None]


MONITOR = Kind(
    "monitor", (sys.executable, "-m", "mooring.commands.monitor"), lambda release: release.monitor or ANYWHERE
)
CHAT = Kind("chat", (sys.executable, "-m", "mooring.commands.chat_door"), lambda release: release.chat)


class Beside:
    """One process and its socket, which stays open from one process to the next. An empty `command` keeps none."""

    def __init__(
        self,
        kind: Kind,
        root: Path,
        state: Path,
        environment: str,
        memory: Memory,
        command: Sequence[str] | None = None,
    ) -> None:
        self._kind, self._state, self._memory = kind, state, memory
        given = kind.command if command is None else command
        options = ["--root", root, "--state", state, "--environment", environment]
        self._command = [*given, *map(str, options)] if given else []
        self._socket: socket.socket | None = None
        self._where: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: list[tuple[float, subprocess.Popen[bytes]]] = []
        self._around: Mapping[str, str] = {}
        self._tried: tuple[str | None, Mapping[str, str]] = (None, {})
        self._started = self._next = 0.0
        self._soon = 0
        self._began = time.monotonic()
        self.problem = ""

    @property
    def url(self) -> str | None:
        """Where it is asked; None while it cannot be."""
        if self._socket is None:
            return None
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def ensure(self, digest: str | None, ready: bool, around: Mapping[str, str]) -> None:
        """Listens where the live release `digest` says, and starts or replaces the process; once slots are `ready`.

        Where the release wants none, it is ended. Failed when it cannot listen there.
        """
        if not self._command:
            return
        self._end()
        release = folders.release_file(self._state, digest) if digest else None
        where = self._kind.where(Requirements.read(release) if release else Requirements())
        if where is None:
            self._leave()
            return
        self._listen(where)
        running = self._process is not None and self._process.poll() is None
        if running and self._around == around:
            return
        if self._process and not running:
            self._ended(self._process)
        if (digest, around) != self._tried:  # what kept it from running may have changed
            self._tried, self._soon, self._next = (digest, dict(around)), 0, min(self._next, self._started + AGAIN)
        patient = not ready and time.monotonic() - self._began < PATIENCE
        if self._socket is None or patient or time.monotonic() < self._next:
            return
        self.stop()
        self._start(self._socket, around)

    def stop(self) -> None:
        """Tells the process to end. Another one waits until it has."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._ending.append((time.monotonic(), self._process))
        self._process = None

    def _ended(self, process: subprocess.Popen[bytes]) -> None:
        """The next one starts the later, the more of them ended soon."""
        self._soon = self._soon + 1 if time.monotonic() - self._started < WELL else 1
        wait = min(AGAIN * 2 ** (self._soon - 1), SELDOM)
        log.warning(
            "the %s ended with %s; it is started %.0f s after its last start", self._kind.name, process.returncode, wait
        )
        self._process, self._next = None, self._started + wait

    def _leave(self) -> None:
        """Ends what the live release wants no more, and closes its socket."""
        self.stop()
        if self._socket is not None:
            self._socket.close()
        self._socket, self._where, self.problem, self._soon = None, None, "", 0

    def _end(self) -> None:
        """Kills those that were told to end and do not."""
        self._ending = [(told, one) for told, one in self._ending if one.poll() is None]
        for told, one in self._ending:
            if time.monotonic() - told > ENDING:
                log.warning("the %s %s does not end and is killed", self._kind.name, one.pid)
                one.kill()

    def _start(self, listening: socket.socket, around: Mapping[str, str]) -> None:
        self._started = time.monotonic()
        self._next, self._around = self._started + AGAIN, dict(around)
        doors, descriptor = folders.doors(self._state), listening.fileno()
        options = ["--doors", str(doors), "--handover", str(folders.handover(self._state, self._kind.name))]
        options += ["--supervisor", str(os.getpid())]
        with logs.opened(folders.log_file(self._state, self._kind.name)) as output:
            self._process = subprocess.Popen(
                [*self._command, *options, "--listen-fd", str(descriptor)],
                pass_fds=(descriptor,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(around),
                start_new_session=True,
            )

    def _listen(self, where: str) -> None:
        """As the live release says. The port that nobody chose stays the same from one start to the next."""
        if self._socket is not None and self._where == where:
            return
        if self._socket is None and self._ending:
            return  # which has the port until it has ended
        try:
            opened = self._taken(where) or self._bound(where)
        except Failed as failed:
            self.problem = str(failed)
            raise
        if self._socket is not None:
            self.stop()
            self._socket.close()
        self._socket, self._where, self.problem, self._next = opened, where, "", 0.0
        self._memory.ports[self._kind.name] = opened.getsockname()[1]
        self._memory.save()

    def _taken(self, where: str) -> socket.socket | None:
        """The socket of a process that another supervisor started, if it listens there."""
        if (taken := take_back(folders.handover(self._state, self._kind.name))) is None:
            return None
        wanted = where.rpartition(":")[2]
        if wanted in ("0", str(taken.getsockname()[1])):
            return taken
        taken.close()
        return None

    def _bound(self, where: str) -> socket.socket:
        host, _, port = where.rpartition(":")
        if port == "0" and (last := self._memory.ports.get(self._kind.name, 0)):
            with suppress(Failed):  # somebody else may have it now
                return bind(host, last)
        return bind(host, int(port), f"target.{self._kind.name}")
