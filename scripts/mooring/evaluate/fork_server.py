"""`python -m mooring.evaluate.fork_server SOCKET KEEP`: imports what evaluations run on, and forks their processes.

Ends when its standard input has, and nothing was forked for KEEP seconds. Where one serves already, it ends at once.
"""

import fcntl
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

PRELOADED = (
    "mooring.evaluate.worker",
    "mooring.evaluate.calibrate",
    "mooring.drill.live_through",
    "mooring.simulator.__main__",
    "mooring.simulator.app",
    "mooring.simulator.rulebook",
    "mooring.simulator.server",
    "mooring.simulator.services.world",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.lifespan.on",
)
"""What the forked processes need. uvicorn imports these two by name once it serves."""

HELLO = b"fork"
"""What a client sends, with two file descriptors: its pipe to the new process, and where that writes its output."""


def main(path: Path, keep: float) -> int:
    with path.with_suffix(".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        for name in PRELOADED:
            importlib.import_module(name)
        gc.freeze()  # a collection in a forked process would copy every page that it shares
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        with _listening(path) as listener:
            _serve(listener, lock.fileno(), keep)
        path.unlink(missing_ok=True)
    return 0


def _listening(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    listener.bind(str(beside))
    listener.listen()
    beside.rename(path)
    return listener


def _serve(listener: socket.socket, lock: int, keep: float) -> None:
    starter, end = [sys.stdin.fileno()], float("inf")
    while (left := end - time.monotonic()) > 0:
        ready, _, _ = select.select([listener, *starter], [], [], None if starter else left)
        if listener in ready:
            client, _ = listener.accept()
            with client, suppress(OSError):
                _fork(client, (client.fileno(), listener.fileno(), lock))
            end = float("inf") if starter else time.monotonic() + keep
        elif ready:
            starter, end = [], time.monotonic() + keep


def _fork(client: socket.socket, ours: Sequence[int]) -> None:
    """The new process closes what is `ours`: the lock would stay locked as long as it lives."""
    message, received, _, _ = socket.recv_fds(client, len(HELLO), 2)
    if message == HELLO and len(received) == 2:
        if pid := os.fork():
            client.sendall(pid.to_bytes(4, "big"))
        else:
            for descriptor in ours:
                os.close(descriptor)
            os._exit(_child(*received))
    for descriptor in received:
        os.close(descriptor)


def _child(pipe: int, output: int) -> int:
    """Runs what the client sends: its surroundings, then a function that takes the pipe, and its arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    connection: Connection = Connection(pipe)
    try:
        environ, folder, path = connection.recv()
        os.environ.clear()
        os.environ.update(environ)
        os.chdir(folder)
        sys.path[:] = path  # before what follows, which is unpickled by its module's name
        work, arguments = connection.recv()
        work(connection, *arguments)
    except BaseException:  # noqa: BLE001 - nobody is above it: this is a process of its own
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), float(sys.argv[2])))
