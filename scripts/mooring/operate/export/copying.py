"""Makes copies: one snapshot, and of each collection the parts that are not at the destination yet."""

import hmac
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import sqlalchemy as sa

from mooring import __version__
from mooring.errors import Failed, Refused
from mooring.operate.export.manifest import TOMBSTONES, File, Manifest, Part, identify, place
from mooring.operate.export.seal import Seal, digest
from mooring.operate.export.shelf import COLLECTIONS, Shelf
from mooring.operate.export.source import Lease, Origin, Source, storing
from mooring.outcome import Reason
from mooring.state.copies.copy import snapshot
from mooring.state.copies.facts import Piece, Snapshot
from mooring.state.records import changes
from mooring.state.records.tombstones import TOMBSTONES as TOMBSTONES_TABLE

THREADS, AHEAD = 2, 4
"""How many parts are packed and sent at once, and how many wait for that: each takes some megabytes of memory."""

LEAST = 19
"""The niceness of the threads that pack."""

Notify = Callable[[str], None]


@dataclass(frozen=True)
class Copied:
    """What was made; `sent` and `bytes` are of parts that were not there before."""

    manifests: tuple[Manifest, ...]
    sent: int
    bytes: int
    seconds: float


def copy(
    source: Source,
    notify: Notify = lambda _line: None,
    adopt: bool = False,
    resend: bool = False,
    gently: bool = False,
) -> Copied:
    """Copies every collection as it is now. Raises Refused(LOCKED) while another process does so.

    Refused(GUARDED) when the destination has copies of another database, unless `adopt`: a database that was lost and
    is empty now must not take the place of what can be restored. `resend` sends every part again, in the place of
    those that are there and may be corrupt. `gently` takes twice as long, for whoever is served meanwhile.
    """
    started = time.monotonic()
    with source.lease("copy") as lease, source.scratch() as scratch:
        origin, shelf = source.origin(), Shelf(source.destination)
        if not adopt:
            _same(origin, shelf)
        at = time.time()
        with storing(), snapshot(source.address, scratch) as seen:
            sender = _Sender(source, origin, lease, resend, gently)
            files = {name: sender.files(seen, name, shelf) for name in COLLECTIONS if seen.tables(name)}
            facts = seen.facts()
            told = {"id": identify(at), "epoch": facts.stream.get("epoch"), "engine": facts.engine}
            tables = {name: seen.tables(name) for name in files}
        made = tuple(
            Manifest(
                source.environment,
                collection,
                identify(at),
                at,
                origin.name,
                __version__,
                facts.engine,
                facts.version,
                facts.migrations,
                {table: facts.tables[table] for table in tables[collection]},
                {name: facts.stream[name] for name in ("epoch", "next") if name in facts.stream},
                bool(source.document.encryption),
                found,
            )
            for collection, found in files.items()
        )
        lease.renew()
        for manifest in made:
            if not source.destination.put(place(manifest.name), manifest.write()):
                raise Refused(Reason.LOCKED, f"the copy {manifest.name} was made by another process at this moment")
            notify(f"{manifest.name}: {manifest.rows:,} rows, {manifest.size / 2**20:,.1f} MiB")
        source.write(lambda connection: changes.tell(connection, "copy", at, **told))
    return Copied(made, sender.sent, sender.bytes, time.monotonic() - started)


def _same(origin: Origin, shelf: Shelf) -> None:
    """Raises Refused(GUARDED) when the newest copy is of another database."""
    for copied in reversed(shelf.ids()):
        for name in shelf.stored:
            if name.endswith(f"/{copied}"):
                try:
                    found = shelf.manifest(name)
                except Refused:
                    continue
                if found.origin != origin.name:
                    raise Refused(
                        Reason.GUARDED,
                        f"{shelf.destination.url} has copies of another database of {found.environment}, the newest "
                        f"of {found.id}; copies of this one would take their place",
                        "restore them first (moor state restore), or say --adopt to go on with this database",
                    )
                return


class _Sender:
    """Sends the parts of one export. Whatever has the same mark as one that is there is not sent again."""

    def __init__(self, source: Source, origin: Origin, lease: Lease, resend: bool, gently: bool) -> None:
        self._source, self._origin, self._lease, self._resend = source, origin, lease, resend
        self._gently = gently
        self._seal = Seal(source.document.encryption, source.environ)
        self.sent = self.bytes = 0

    def files(self, seen: Snapshot, collection: str, shelf: Shelf) -> tuple[File, ...]:
        """Sends a collection; its files, in order."""
        stored = () if self._resend else self._source.destination.list(f"parts/{collection}")
        there = {one.name.rpartition("/")[2]: one.bytes for one in stored}
        newest = None if self._resend else shelf.newest(collection)
        known = {part.mark: part for part in newest.parts if there.get(part.mark) == part.bytes} if newest else {}
        for part in newest.parts if newest else ():
            if part.mark not in known:
                there.pop(part.mark, None)  # it is gone, or only a piece of it is there
        files: dict[str, list[Part]] = {}
        pieces = chain(seen.pieces(collection), self._tombstones() if collection == "memory" else ())
        for name, part in self._parts(pieces, collection, known, there):
            files.setdefault(name, []).append(part)
        return tuple(File(name, tuple(parts)) for name, parts in files.items())

    def _tombstones(self) -> list[Piece]:
        found = self._source.read(lambda connection: connection.execute(sa.select(TOMBSTONES_TABLE)).all())
        lines = "\n".join(json.dumps(list(row)) for row in sorted(found, key=lambda row: (row.at, row.key)))
        return [(TOMBSTONES, lines.encode())] if found else []

    def _parts(
        self, pieces: Iterable[Piece], collection: str, known: dict[str, Part], there: dict[str, int]
    ) -> Iterator[tuple[str, Part]]:
        waiting: deque[tuple[str, Future[Part]]] = deque()
        with ThreadPoolExecutor(THREADS, initializer=_last_in_turn) as pool:
            for name, data in pieces:
                self._lease.renew()
                waiting.append((name, pool.submit(self._send, collection, data, known, there)))
                while len(waiting) > AHEAD or (waiting and waiting[0][1].done()):
                    yield waiting[0][0], waiting.popleft()[1].result()
            for name, future in waiting:
                yield name, future.result()

    def _send(self, collection: str, data: bytes, known: dict[str, Part], there: dict[str, int]) -> Part:
        mark = hmac.digest(self._origin.key, data, "sha256").hex()
        if mark in known:
            return known[mark]
        name = part_name(collection, mark)
        if mark in there:
            return self._sent_before(name, mark)
        began = time.monotonic()
        stored = self._seal.close(data)
        self._source.destination.put(name, stored, replace=True)
        if self._gently:  # whatever its priority, work takes memory's bandwidth from the other core
            time.sleep(time.monotonic() - began)
        self.sent, self.bytes = self.sent + 1, self.bytes + len(stored)
        return Part(mark, digest(stored), len(stored))

    def _sent_before(self, name: str, mark: str) -> Part:
        """A part that an export sent which was killed before its manifest."""
        stored = self._source.destination.get(name)
        if stored is None:
            raise Failed(Reason.DESTINATION, f"{name} vanished while it was needed", "export again")
        return Part(mark, digest(stored), len(stored))


def _last_in_turn() -> None:
    """Lets this thread pack parts with what nobody else wants of the processor.

    Not so the thread that copies the database: while it holds a lock, requests would wait for it.
    """
    with suppress(OSError):  # outside Linux a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LEAST)


def part_name(collection: str, mark: str) -> str:
    """Where a part is."""
    return f"parts/{collection}/{mark[:2]}/{mark}"
