"""What was used of the limits of a slot, a tenant or a key: of this process alone, or of all workers together.

Workers share a small file that each maps into its memory, so counting costs microseconds and no message. What a dead
worker had under way is taken off when the limit is reached.
"""

import fcntl
import hashlib
import mmap
import os
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

from mooring import private
from mooring.runtime.core.logs import LOGGER

PROCESSES = 256
"""That can count in one file: the workers of both slots, and those that drain."""

_TAKEN = struct.Struct("<2d")
_CELL = struct.Struct("<2q")
"""A process id, and how many requests that process has under way."""

_SIZE = _TAKEN.size + PROCESSES * _CELL.size
_TRIES, _PAUSE = 10, 0.0005
"""The lock is held for microseconds. Who holds it longer was stopped by somebody, and must not stop the others."""


class Usage(Protocol):
    """Of one slot, tenant or key."""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else counts meanwhile."""

    def taken(self) -> tuple[float, float]:
        """How many requests were taken out of the bucket, and when; all zero when none ever was."""

    def take(self, used: float, at: float) -> None:
        """Sets both."""

    def under_way(self, limit: int) -> int:
        """Requests that were let in and are not over; exact where it would reach the limit."""

    def enter(self) -> None: ...
    def leave(self) -> None: ...


class Own:
    """In this process alone."""

    def __init__(self) -> None:
        self._taken = (0.0, 0.0)
        self._under_way = 0

    @contextmanager
    def alone(self) -> Iterator[None]:
        yield

    def taken(self) -> tuple[float, float]:
        return self._taken

    def take(self, used: float, at: float) -> None:
        self._taken = (used, at)

    def under_way(self, limit: int) -> int:
        return self._under_way

    def enter(self) -> None:
        self._under_way += 1

    def leave(self) -> None:
        self._under_way -= 1


class Shared:
    """In a file of all workers. Raises OSError when it cannot be made."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(private.file(path), os.O_RDWR | os.O_CLOEXEC)
        with self.alone():
            if os.fstat(self._file).st_size < _SIZE:
                os.pwrite(self._file, bytes(_SIZE), 0)  # written and no hole, so that a full disk is noticed here
            self._map = mmap.mmap(self._file, _SIZE)
            self._numbers = memoryview(self._map)[_TAKEN.size :].cast("q")
            self._mine = self._claimed()

    @contextmanager
    def alone(self) -> Iterator[None]:
        for _ in range(_TRIES):
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_PAUSE)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def taken(self) -> tuple[float, float]:
        used, at = _TAKEN.unpack_from(self._map)
        return used, at

    def take(self, used: float, at: float) -> None:
        _TAKEN.pack_into(self._map, 0, used, at)

    def under_way(self, limit: int) -> int:
        if (count := sum(self._numbers[1::2])) >= limit:
            for cell in range(0, 2 * PROCESSES, 2):
                if self._numbers[cell + 1] and not _lives(self._numbers[cell]):
                    self._numbers[cell + 1] = 0
            count = sum(self._numbers[1::2])
        return count

    def enter(self) -> None:
        self._numbers[self._mine] += 1

    def leave(self) -> None:
        self._numbers[self._mine] -= 1

    def _claimed(self) -> int:
        """Where this process counts: a place that nobody has, or a dead one's."""
        for cell in range(0, 2 * PROCESSES, 2):
            if not _lives(self._numbers[cell]):
                self._numbers[cell], self._numbers[cell + 1] = os.getpid(), 0
                return cell + 1
        raise OSError(f"more than {PROCESSES} processes count together")


def shared(folder: Path, tenant: str, key: str) -> Usage:
    """The usage that all workers share; this process's own where there can be none."""
    return _shared(folder / hashlib.sha256(f"{tenant}\0{key}".encode()).hexdigest()[:32])


def of_slot(folder: Path, slot: str, workers: int) -> Usage:
    """What all workers of a slot have under way; this process's own where it is alone or they can share none."""
    return _shared(folder / f"slot-{slot}") if workers > 1 else Own()


def _shared(path: Path) -> Usage:
    try:
        return Shared(path)
    except OSError as error:
        LOGGER.error("limits hold in each worker apart: %s", error)
        return Own()


def _lives(process: int) -> bool:
    if process <= 0:
        return False
    with suppress(PermissionError):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
    return True
