"""Keeps a file of the keeper's folder in the database, since the folder ends with its pod.

The monitor's sums are such a file: a keeper that began with none would show counters that went back.
"""

import gzip
import logging
import time
from pathlib import Path

from mooring import private
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.state.records import kept

EVERY = 15.0
"""Seconds between two copies: at most so much is missing of pods that ended before a keeper that was killed."""

log = logging.getLogger("mooring.keeper")


class Keepsake:
    """Of one file. Methods wait for the database, and raise MooringError."""

    def __init__(self, ledger: Ledger, name: str, path: Path) -> None:
        self._ledger, self._name, self._path = ledger, name, path
        self._copied = -1
        self._next = 0.0
        self._there = False

    def bring(self) -> None:
        """Makes the file, as an earlier keeper left it, unless it is there. Does nothing the second time."""
        if self._there:
            return
        found = self._ledger.read(lambda statements: kept.get(statements, self._name))
        try:
            if found is not None and not self._path.exists():
                private.write(self._path, gzip.decompress(found).decode())
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot write {self._path}: {error.strerror}") from None
        except ValueError as error:
            log.error("what an earlier keeper left cannot be read, so counters begin anew: %s", error)
        self._there = True

    def keep(self, now: bool = False) -> None:
        """Copies the file if it changed, every few seconds or `now`."""
        if not self._there or (time.monotonic() < self._next and not now):
            return
        self._next = time.monotonic() + EVERY
        try:
            changed, content = self._path.stat().st_mtime_ns, self._path.read_bytes()
        except FileNotFoundError:
            return
        if changed != self._copied:
            packed = gzip.compress(content, 1)
            self._ledger.write(lambda statements: kept.put(statements, self._name, packed))
            self._copied = changed
