"""Which slot has the traffic, in a few bytes that the supervisor and all workers map into their memory.

A switch changes them before anybody is told, so the side that is left accepts nothing from that moment on, whenever its
processes come to read their orders. Orders are obeyed all the same: these bytes can only turn off what was on.
"""

import mmap
import os
from pathlib import Path

from mooring import private

_SIZE = 8


class Live:
    """As `slot` sees it; the file is in the state folder. Raises OSError."""

    def __init__(self, path: Path, slot: str = "") -> None:
        with private.file(path).open("r+b") as file:
            if os.fstat(file.fileno()).st_size < _SIZE:
                file.write(bytes(_SIZE))
                file.flush()
            self._map = mmap.mmap(file.fileno(), _SIZE)
        self._mine = _name(slot)
        self._seen = self._map[:]

    def say(self, slot: str) -> None:
        """Gives the traffic to a slot."""
        self._map[:] = _name(slot)

    def trust(self) -> None:
        """Whatever is said now, this slot was told to accept."""
        self._seen = self._map[:]

    def elsewhere(self) -> bool:
        """Whether the traffic was given to another slot since."""
        now = self._map[:]
        return now not in (self._seen, self._mine)


def _name(slot: str) -> bytes:
    return slot.encode()[:_SIZE].ljust(_SIZE, b"\0")
