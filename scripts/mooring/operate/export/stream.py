"""The stream: every change, shipped within seconds of its commit, as numbered objects.

A segment is sealed and named in the database before it is sent, and its changes leave the queue after; so a process
that is killed in between finds out whether it was sent, and neither sends it twice nor leaves it out.
"""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mooring.operate.export.seal import Seal, digest
from mooring.operate.export.source import Source
from mooring.state.copies import streamed
from mooring.state.migrations.export import LAPSE
from mooring.state.records import changes

MOST = 2000
"""Changes of one segment."""

MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Progress:
    """`next` is the number of the next segment. All that was committed before `through` was sent: seconds since the
    epoch."""

    epoch: str
    next: int
    through: float
    pending: dict[str, Any] | None = None


class Stream:
    """The stream of one database. Not to be used by two threads at once."""

    def __init__(self, source: Source, clock: Callable[[], float] = time.time) -> None:
        self._source, self._clock = source, clock
        self._seal = Seal(source.document.encryption, source.environ)

    def begin(self) -> Progress:
        """Begins to follow the database, or goes on. Raises Failed.

        After a week without anybody following it, changes are missing: a new stream begins, which is of use from the
        next copy on.
        """
        now = self._clock()

        def work(connection: sa.Connection) -> Progress:
            known = changes.known(connection, "stream") or {}
            if "epoch" in known and known["seen"] > now - LAPSE:
                return _progress(known)
            connection.execute(sa.delete(changes.CHANGES))
            begun = Progress(f"{int(now):012}-{secrets.token_hex(4)}", 1, now)
            _keep(connection, begun)
            return begun

        return self._settled(self._source.write(work))

    def ship(self, progress: Progress) -> tuple[Progress, int]:
        """Sends one segment of what is in the queue; how many changes that were. Raises Failed."""
        started = self._clock()
        found = self._source.read(lambda connection: self._batch(connection))
        if not found[0]:
            moved = Progress(progress.epoch, progress.next, started)
            self._source.write(lambda connection: _keep(connection, moved))
            return moved, 0
        ids, rows, all_of_it = found
        through = started if all_of_it else progress.through
        lines = [json.dumps({"at": through, "number": progress.next}), *map(json.dumps, rows)]
        data = self._seal.close("\n".join(lines).encode())
        name = f"stream/{progress.epoch}/{progress.next:010}-{digest(data)}"
        pending = {"name": name, "ranges": _ranges(ids), "through": through}
        waiting = Progress(progress.epoch, progress.next, progress.through, pending)
        self._source.write(lambda connection: _keep(connection, waiting))
        self._source.destination.put(name, data)
        return self._done(waiting), len(ids)

    def _batch(self, connection: sa.Connection) -> tuple[list[int], list[streamed.Record], bool]:
        """Ids, records, and whether these are all that is in the queue."""
        ids: list[int] = []
        rows: list[streamed.Record] = []
        size, queue = 0, changes.queued(connection, MOST)
        for change in queue:
            for record in streamed.records(connection, [change]):
                rows.append(record)
                size += len(str(record))
            ids.append(change.id)
            if size > MOST_BYTES:
                break
        return ids, rows, len(ids) == len(queue) < MOST

    def _settled(self, progress: Progress) -> Progress:
        """Finds out about a segment that a killed process was about to send."""
        if progress.pending is None:
            return progress
        if self._source.destination.get(progress.pending["name"]) is not None:
            return self._done(progress)
        return Progress(progress.epoch, progress.next, progress.through)

    def _done(self, progress: Progress) -> Progress:
        pending = progress.pending or {}
        moved = Progress(progress.epoch, progress.next + 1, pending["through"])

        def work(connection: sa.Connection) -> None:
            changes.shipped(connection, [(first, last) for first, last in pending["ranges"]])
            _keep(connection, moved)

        self._source.write(work)
        return moved


def _progress(known: dict[str, Any]) -> Progress:
    return Progress(known["epoch"], known["next"], known["seen"], known.get("pending"))


def _keep(connection: sa.Connection, progress: Progress) -> None:
    data = {"epoch": progress.epoch, "next": progress.next, "pending": progress.pending}
    changes.tell(connection, "stream", progress.through, **data)


def _ranges(ids: list[int]) -> list[tuple[int, int]]:
    """Ids that follow one another, as the first and the last of them: an id between two ranges was not sent."""
    ranges: list[tuple[int, int]] = []
    for number in ids:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges
