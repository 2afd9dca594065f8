"""What can happen to the processes, the disk and the database of a copy: how each is done, and undone."""

import json
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

from mooring.operate.exercises.client import Client, Lost
from mooring.operate.exercises.scratch import Scratch
from mooring.operate.exercises.target import pids
from mooring.state.records.statements import Statements

Undo = Callable[[], None]
"""Ends a failure. Called once, also when the drill is interrupted."""

LOCK_SECONDS = 30.0
"""How long it may take to get the lock, or to give it back."""

CHUNK = b"\0" * 65536


def kill(processes: list[int]) -> None:
    """As `kill -9`."""
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def nothing() -> None:
    """What was killed is not undone by a drill: somebody else starts it again."""


def dead_worker(scratch: Scratch) -> Undo:
    """Kills one of several processes of the live slot."""
    if (facts := scratch.target.facts()).live:
        scratch.target.kill(facts.live.slot, len(scratch.live.workers))
    return nothing


def dead_slot(scratch: Scratch) -> Undo:
    """Kills all processes of the live slot that accept."""
    kill(pids(scratch.live))
    return nothing


def dead_supervisor(scratch: Scratch) -> Undo:
    """Kills the supervisor; the next command starts another one."""
    if supervisor := scratch.target.status().supervisor:
        kill([supervisor])
    return scratch.target.ensure


def dead_both(scratch: Scratch) -> Undo:
    """Kills the supervisor, and then the live slot, so that nobody is there to start it again."""
    processes = pids(scratch.live)
    again = dead_supervisor(scratch)
    kill(processes)
    return again


def dead_simulator(scratch: Scratch) -> Undo:
    """Kills what plays the models and services."""
    kill([int(json.loads((scratch.state / "simulator.json").read_text())["pid"])])
    return nothing


def stopped_process(scratch: Scratch) -> Undo:
    """Stops a process of the live slot: its event loop does not move, and its connections stay open."""
    pid = pids(scratch.live)[0]
    os.kill(pid, signal.SIGSTOP)

    def go_on() -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    return go_on


def locked_database(scratch: Scratch) -> Undo:
    """Holds the one lock that SQLite has for writers: a transaction that does not end."""
    begun, ended = threading.Event(), threading.Event()

    def hold(_statements: Statements) -> None:
        begun.set()
        ended.wait()

    holding = threading.Thread(target=scratch.ledger.write, args=(hold,), daemon=True)
    holding.start()
    begun.wait(LOCK_SECONDS)

    def unlock() -> None:
        ended.set()
        holding.join(LOCK_SECONDS)

    return unlock


def full_disk(scratch: Scratch) -> Undo:
    """Fills the disk of the state where that is a small one of its own; else no file may grow any more."""
    return _filled(scratch.state) if os.path.ismount(scratch.state) else _limited(scratch)


def _filled(state: Path) -> Undo:
    ballast = state / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(CHUNK)
    with suppress(OSError), ballast.open("ab", buffering=0) as file:  # what is left beyond the last whole chunk
        while True:
            file.write(b"\0" * 512)
    return lambda: ballast.unlink(missing_ok=True)


def _limited(scratch: Scratch) -> Undo:
    """A write beyond a file's first byte fails in the processes of the live slot (prlimit(2), RLIMIT_FSIZE)."""
    processes = [psutil.Process(pid) for pid in pids(scratch.live)]
    before = [process.rlimit(psutil.RLIMIT_FSIZE) for process in processes]
    for process, (_, hard) in zip(processes, before, strict=True):
        process.rlimit(psutil.RLIMIT_FSIZE, (1, hard))

    def unlimited() -> None:
        for process, limits in zip(processes, before, strict=True):
            with suppress(psutil.Error):
                process.rlimit(psutil.RLIMIT_FSIZE, limits)

    return unlimited


def unready(scratch: Scratch) -> str:
    """Why the live slot says that it is not ready; "" when it does not say that."""
    with suppress(Lost):
        said = Client(scratch.url, 10).send("GET", "/readyz").body
        if said.get("ready") is False:
            return "; ".join(map(str, said.get("reasons") or ["it is not ready"]))
    return ""
