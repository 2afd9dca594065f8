"""Processes of an evaluation, forked from one that has imported everything already.

That one is kept for a while, for the next evaluation: its imports take longer than a small suite. It serves all
evaluations of one user by the same code and Python.
"""

import hashlib
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from mooring.errors import Failed
from mooring.evaluate.fork_server import HELLO
from mooring.outcome import Reason

Work = Callable[..., None]

KEEP_SECONDS = 300.0
"""How long the fork server waits for the next evaluation. In CI there is none, and it ends with the first."""

LONGEST = 80
"""Characters of a folder's name; a socket's may have 107 in all."""

GOING = 5.0
"""Seconds that a process which was killed is waited for: it goes at once, unless the disk hangs."""

STARTING = 60.0
"""Seconds it has to import everything."""

SOURCES = Path(__file__).parents[2]
_started: dict[Path, subprocess.Popen[bytes]] = {}


class Process:
    """A forked process, as a context manager that kills it. It ends by itself when `connection` is closed."""

    def __init__(self, connection: Connection, pid: int) -> None:
        self.connection, self.pid = connection, pid
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def ended(self) -> bool:
        """Whether it has."""
        return self._descriptor < 0 or bool(select.select([self._descriptor], [], [], 0)[0])

    def join(self, seconds: float) -> None:
        """Waits for its end, at most so long."""
        if self._descriptor >= 0:
            select.select([self._descriptor], [], [], seconds)

    def kill(self) -> None:
        """Ends it at once, and returns when it is gone: nobody else writes to its files then."""
        self.connection.close()
        if self._descriptor >= 0:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            self.join(GOING)
            os.close(self._descriptor)
            self._descriptor = -1


def warm() -> None:
    """Starts the fork server if there is none. Returns at once."""
    try:
        _connected().close()
    except OSError:
        _start()


def fork(work: Work, *arguments: object, output: int = 2) -> Process:
    """Runs `work(connection, *arguments)` in a process of its own; that writes to the descriptor `output`.

    `work` is a function of a module. Failed(PROCESS) when there is no fork server.
    """
    ours, theirs = Pipe()
    with theirs:
        pid = _forked(theirs.fileno(), output)
    process = Process(ours, pid)
    with suppress(OSError):  # it died; reading from the pipe will say so
        ours.send((dict(os.environ), str(Path.cwd()), sys.path))
        ours.send((work, arguments))
    return process


def _forked(pipe: int, output: int) -> int:
    end = time.monotonic() + STARTING
    while time.monotonic() < end:
        try:
            with _connected() as connection:
                socket.send_fds(connection, [HELLO], [pipe, output])
                if len(pid := connection.recv(4)) == 4:
                    return int.from_bytes(pid, "big")
        except OSError:
            pass  # it is starting, or has just ended
        if (server := _started.get(_socket())) is None or server.poll() is not None:
            _start()
        time.sleep(0.005)
    raise Failed(Reason.PROCESS, f"the process that evaluations are forked from does not start; see {_log()}")


def _connected() -> socket.socket:
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(str(_socket()))
    except OSError:
        server.close()
        raise
    return server


def _start() -> None:
    keep = 0.0 if os.environ.get("CI") else KEEP_SECONDS
    command = [sys.executable, "-m", "mooring.evaluate.fork_server", str(_socket()), str(keep)]
    path = os.pathsep.join(filter(None, (str(SOURCES), os.environ.get("PYTHONPATH"))))
    environ, pipe = os.environ | {"PYTHONPATH": path}, subprocess.PIPE
    with _log().open("wb") as log:
        server = subprocess.Popen(command, stdin=pipe, stdout=log, stderr=log, start_new_session=True, env=environ)
    _started[_socket()] = server


@cache
def _socket() -> Path:
    """In a folder of this user alone; another one for any other code. Failed(PROCESS) when there is no such folder."""
    bases = filter(None, (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir()))
    if not (folders := list(filter(None, map(_folder, bases)))):
        fix = "set XDG_RUNTIME_DIR to a folder that is yours alone, with a short name"
        raise Failed(Reason.PROCESS, "there is no folder for a socket of this user", fix)
    return folders[0] / f"{_fingerprint()}.sock"


def _folder(base: str) -> Path | None:
    """None where it cannot be made, others may enter it, or names of sockets in it would be too long (unix(7))."""
    folder = Path(base, f"mooring-{os.getuid()}")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.stat()
    except OSError:
        return None
    alone = found.st_uid == os.getuid() and not found.st_mode & 0o077
    return folder if alone and len(str(folder)) < LONGEST else None


def _log() -> Path:
    return _socket().with_suffix(".log")


def _fingerprint() -> str:
    """Of everything that decides what is imported: the Python, its path, and the state of each source file."""
    found = hashlib.sha256(f"{sys.executable} {sys.version} {os.environ.get('PYTHONPATH')}".encode())
    for path in sorted((SOURCES / "mooring").rglob("*.py")):
        state = path.stat()
        found.update(f"{path} {state.st_mtime_ns} {state.st_size}".encode())
    return found.hexdigest()[:16]
