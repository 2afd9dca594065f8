"""Shares out new connections among the workers of a slot.

All of them are woken by a connection, and who is quickest would get it: an idle one all of a burst, a busy one none. So
each says in a small file, which all map into their memory, how many connections it has, and who has more than another
leaves it the next one for a moment.
"""

import mmap
import os
from pathlib import Path

from mooring import private

MOST = 64
"""Workers of a slot."""

_SIZE = 8 * MOST


class Fair:
    """The part of `worker`, whose number begins at 1, in the file at `path`. Raises OSError."""

    def __init__(self, path: Path, worker: int, workers: int) -> None:
        with private.file(path).open("r+b") as file:
            if os.fstat(file.fileno()).st_size < _SIZE:
                file.write(bytes(_SIZE))  # a number that is overwritten is said again with the next connection
                file.flush()
            self._counts = memoryview(mmap.mmap(file.fileno(), _SIZE)).cast("q")
        self._mine = worker - 1
        self._others = [other for other in range(workers) if other != self._mine]

    def say(self, connections: int | None) -> None:
        """Says how many this worker has; None when it does not accept."""
        self._counts[self._mine] = 0 if connections is None else connections + 1

    def leaves(self) -> bool:
        """Whether another worker that accepts has fewer."""
        counts = self._counts
        return any(0 < counts[other] < counts[self._mine] for other in self._others)
