"""Keeps the sums of an environment in a file of its state folder, for one process at a time."""

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from mooring import private
from mooring.operate.monitor.aggregate import Aggregate

FILE, LOCK = "figures.json", "monitor.lock"

log = logging.getLogger("mooring.monitor")


def lock(state: Path, ended: Callable[[], bool], sleep: Callable[[float], None] = time.sleep) -> int | None:
    """The lock, held by the descriptor, once an earlier process has given it back; None when it `ended` meanwhile."""
    held = os.open(private.file(state / LOCK), os.O_RDWR)
    while not ended():
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(0.05)
        else:
            return held
    os.close(held)
    return None


def load(state: Path) -> Aggregate:
    """What was kept last; nothing where nothing was, or where it cannot be read: then that file is put aside."""
    path = state / FILE
    try:
        return Aggregate.read(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return Aggregate()
    except (OSError, ValueError, KeyError, TypeError, IndexError) as error:
        log.error("%s cannot be read, so counters begin anew: %r", path, error)
        path.replace(path.with_suffix(".unreadable"))
        return Aggregate()


def save(state: Path, aggregate: Aggregate, *, lasting: bool) -> None:
    """Writes it whole or not at all; `lasting` waits until it would survive a power failure. Raises OSError."""
    path = state / FILE
    temporary = private.file(path.with_suffix(".new"))
    with temporary.open("w") as file:
        # Not `dump`, which would go through it piece by piece.
        file.write(json.dumps(aggregate.data(), separators=(",", ":")))
        if lasting:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
