"""Keeps the sums of an environment in a file of its state folder, for one process at a time.

The first line has the names of all series, the second the numbers.
"""

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


def lock(
    state: Path, ended: Callable[[], bool], sleep: Callable[[float], None] = time.sleep, name: str = LOCK
) -> int | None:
    """The lock, held by the descriptor, once an earlier process has given it back; None when it `ended` meanwhile."""
    held = os.open(private.file(state / name), os.O_RDWR)
    while not ended():
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sleep(0.05)
        else:
            return held
    os.close(held)
    return None


class Store:
    """The file. What changes between two looks is little, and the names of the series are most of it."""

    def __init__(self, state: Path) -> None:
        self._path = state / FILE
        self._written = (-1, 0)
        self._names = ""

    def load(self) -> Aggregate:
        """What was kept last; nothing where nothing was, or where it cannot be read: then that file is put aside."""
        try:
            names, _, data = self._path.read_bytes().partition(b"\n")
            return Aggregate.read(json.loads(data), json.loads(names))
        except FileNotFoundError:
            return Aggregate()
        except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            log.error("%s cannot be read, so counters begin anew: %r", self._path, error)
            self._path.replace(self._path.with_suffix(".unreadable"))
            return Aggregate()

    def save(self, aggregate: Aggregate, *, lasting: bool) -> None:
        """Writes it whole or not at all; `lasting` waits until it would survive a power failure. Raises OSError."""
        data = json.dumps(aggregate.data(), separators=(",", ":"))
        if self._written != (written := (aggregate.numbering, len(aggregate.numbers))):
            self._names = json.dumps(list(aggregate.numbers), separators=(",", ":"))
            self._written = written
        private.write(self._path, f"{self._names}\n{data}", lasting=lasting)
