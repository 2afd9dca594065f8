"""Keeps the monitor running, which says how the environment is, and outlives its supervisor to say so."""

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mooring.errors import Failed
from mooring.runtime.process.handover import take_back
from mooring.targets.local import folders
from mooring.targets.local.listening import bind
from mooring.targets.local.memory import Memory
from mooring.targets.local.requirements import Requirements

COMMAND = (sys.executable, "-m", "mooring.commands.monitor")
"""The only process here whose code is above targets; it is known by name alone."""

ANYWHERE = "127.0.0.1:0"

AGAIN = 5.0
"""Seconds from one start to the next."""

PATIENCE = 10.0
"""Seconds that it waits for slots to be ready, which its own start would slow down."""

ENDING = 10.0
"""Seconds that a process has to end when it is told to; while it does not, another one waits."""

log = logging.getLogger("mooring.supervisor")


class Monitor:
    """One process and its socket, which stays open from one process to the next. An empty `command` keeps none."""

    def __init__(self, root: Path, state: Path, environment: str, memory: Memory, command: Sequence[str]) -> None:
        self._state, self._memory = state, memory
        options = ["--root", root, "--state", state, "--environment", environment]
        self._command = [*command, *map(str, options)] if command else []
        self._socket: socket.socket | None = None
        self._where: str | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._ending: list[tuple[float, subprocess.Popen[bytes]]] = []
        self._around: Mapping[str, str] = {}
        self._next = 0.0
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

        Failed when it cannot listen there.
        """
        if not self._command:
            return
        self._end()
        self._listen(digest)
        if self._process and self._process.poll() is None and self._around == around:
            return
        patient = not ready and time.monotonic() - self._began < PATIENCE
        if self._socket is None or patient or time.monotonic() < self._next:
            return
        if self._process and (code := self._process.poll()) is not None:
            log.warning("the monitor ended with %s; starting it again", code)
        self.stop()
        self._start(self._socket, around)

    def stop(self) -> None:
        """Tells the process to end. Another one waits until it has."""
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._ending.append((time.monotonic(), self._process))
        self._process = None

    def _end(self) -> None:
        """Kills those that were told to end and do not."""
        self._ending = [(told, one) for told, one in self._ending if one.poll() is None]
        for told, one in self._ending:
            if time.monotonic() - told > ENDING:
                log.warning("the monitor %s does not end and is killed", one.pid)
                one.kill()

    def _start(self, listening: socket.socket, around: Mapping[str, str]) -> None:
        self._next, self._around = time.monotonic() + AGAIN, dict(around)
        doors, descriptor = folders.doors(self._state), listening.fileno()
        options = ["--doors", str(doors), "--handover", str(folders.monitor(self._state))]
        options += ["--supervisor", str(os.getpid())]
        with folders.open_log(folders.log_file(self._state, "monitor")) as output:
            self._process = subprocess.Popen(
                [*self._command, *options, "--listen-fd", str(descriptor)],
                pass_fds=(descriptor,),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(around),
                start_new_session=True,
            )

    def _listen(self, digest: str | None) -> None:
        """As the live release says. The port that nobody chose stays the same from one start to the next."""
        release = folders.release_file(self._state, digest) if digest else None
        where = (Requirements.read(release).monitor if release else None) or ANYWHERE
        if self._socket is not None and self._where == where:
            return
        try:
            opened = self._taken(where) or self._bound(where)
        except Failed as failed:
            self.problem = str(failed)
            raise
        if self._socket is not None:
            self.stop()
            self._socket.close()
        self._socket, self._where, self.problem, self._next = opened, where, "", 0.0
        self._memory.monitor_port = opened.getsockname()[1]
        self._memory.save()

    def _taken(self, where: str) -> socket.socket | None:
        """The socket of a monitor that another supervisor started, if it listens there."""
        if (taken := take_back(folders.monitor(self._state))) is None:
            return None
        wanted = where.rpartition(":")[2]
        if wanted in ("0", str(taken.getsockname()[1])):
            return taken
        taken.close()
        return None

    def _bound(self, where: str) -> socket.socket:
        host, _, port = where.rpartition(":")
        if port == "0" and self._memory.monitor_port:
            with suppress(Failed):  # somebody else may have it now
                return bind(host, self._memory.monitor_port)
        return bind(host, int(port), "target.monitor")
