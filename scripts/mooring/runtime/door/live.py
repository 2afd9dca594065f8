"""Which slot has the traffic, in a few bytes that the supervisor and all workers map into their memory.

Changing them is the switch: at that moment the side that is left accepts nothing more, and the side that was armed
begins, whenever their processes come to read their orders. A slot that was told to accept at once does so whatever is
said here; after that, these bytes can only turn it off.
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

    def here(self) -> bool:
        """Whether this slot has the traffic."""
        return self._map[:] == self._mine

    def elsewhere(self) -> bool:
        """Whether the traffic was given to another slot since."""
        now = self._map[:]
        return now not in (self._seen, self._mine)


def _name(slot: str) -> bytes:
    return slot.encode()[:_SIZE].ljust(_SIZE, b"\0")
