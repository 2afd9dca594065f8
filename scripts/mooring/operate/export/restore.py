"""Restores: the newest copy of each collection, and then every change of the stream that came after it."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring.errors import Failed, Refused
from mooring.operate.export.copying import Notify, part_name
from mooring.operate.export.destination import Destination
from mooring.operate.export.manifest import TOMBSTONES, File, Manifest
from mooring.operate.export.seal import Opener
from mooring.operate.export.shelf import COLLECTIONS, Segment, Shelf
from mooring.operate.export.source import storing
from mooring.outcome import Reason
from mooring.state.copies import streamed
from mooring.state.copies.rebuild import built, settle
from mooring.state.copies.rebuilding import Rebuild, rebuilding
from mooring.state.place.address import Address
from mooring.state.records import tombstones
from mooring.state.unavailable import TooNew

WITHOUT_STREAM = "restore a copy without the stream: --copy ID (moor state list ENV)"


@dataclass(frozen=True)
class Chosen:
    """What will be restored: copies, and segments of the stream. Whatever that is, `newest` and `later` have what was
    forgotten since."""

    manifests: tuple[Manifest, ...]
    segments: tuple[Segment, ...]
    newest: Manifest | None
    later: tuple[Segment, ...]

    @property
    def at(self) -> float:
        """The time of the newest copy."""
        return max(manifest.at for manifest in self.manifests)

    @property
    def id(self) -> str:
        return max(manifest.id for manifest in self.manifests)

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        copies = [{"copy": one.name, "rows": one.rows, "bytes": one.size} for one in self.manifests]
        return {"copies": copies, "segments": len(self.segments), "id": self.id}


def choose(destination: Destination, upto: str | None = None) -> Chosen:
    """The newest copies, or those not made after the id `upto`; then the stream is left out.

    Refused(EMPTY_SET) when there is no copy, Refused(TAMPERED) when a manifest or the stream is not as it was written.
    """
    shelf = Shelf(destination)
    if upto is not None and upto not in shelf.ids():
        raise Refused(Reason.EMPTY_SET, f"there is no copy {upto} at {destination.url}", "moor state list ENV")
    names = [found[0] for collection in COLLECTIONS if (found := shelf.of(collection, upto))]
    if not names:
        raise Refused(Reason.EMPTY_SET, f"there is no copy at {destination.url}", "moor state export ENV")
    manifests = tuple(_manifest(shelf, name) for name in names)
    newest = shelf.newest("memory")
    later = tuple(_following(shelf, [newest])) if newest else ()
    return Chosen(manifests, () if upto else tuple(_following(shelf, manifests)), newest, later)


def _manifest(shelf: Shelf, name: str) -> Manifest:
    """Raises Refused(TAMPERED), which names the newest older copy whose manifest is whole."""
    try:
        return shelf.manifest(name)
    except Refused as refused:
        raise Refused(refused.reason, str(refused), _instead(shelf, name)) from None


def _instead(shelf: Shelf, name: str) -> str:
    collection, _, bad = name.partition("/")
    for older in shelf.of(collection, bad)[1:]:
        try:
            manifest = shelf.manifest(older)
        except Refused:
            continue
        if all(_whole(shelf.destination, collection, part.mark, part.sha256) for part in manifest.parts):
            return f"the copy before it is whole: --copy {manifest.id}"
    return "no older copy is whole; `moor state export ENV --resend` sends every part again"


def _whole(destination: Destination, collection: str, mark: str, sha256: str) -> bool:
    from mooring.operate.export.seal import digest

    data = destination.get(part_name(collection, mark))
    return data is not None and digest(data) == sha256


def _following(shelf: Shelf, manifests: Iterable[Manifest]) -> Iterator[Segment]:
    """Segments from the oldest of these copies on, without a gap. Refused(TAMPERED) for one that is missing."""
    begun = [manifest.stream for manifest in manifests if manifest.stream]
    if not begun:
        return
    epoch = max(stream["epoch"] for stream in begun)
    number = min(stream["next"] for stream in begun if stream["epoch"] == epoch)
    for segment in shelf.segments:
        if segment.epoch != epoch or segment.number < number:
            continue
        if segment.number > number:
            what = f"segment {number} of the stream {epoch} is missing, and {segment.number} is there"
            raise Refused(Reason.TAMPERED, what, WITHOUT_STREAM)
        number = segment.number + 1
        yield segment


def restore(
    destination: Destination, chosen: Chosen, address: Address, scratch: Path, opener: Opener, notify: Notify
) -> dict[str, Any]:
    """Puts what was chosen in the place of a database; what each table held after the copies were loaded.

    Nothing changes unless all of it is right. Raises Refused(STALE) when this version does not know the tables,
    Refused(TAMPERED) for a corrupt part, Failed.
    """
    reader = Reader(destination, opener)
    first = chosen.manifests[0]
    if len({manifest.migrations for manifest in chosen.manifests}) > 1:
        raise Refused(Reason.STALE, "the newest copies are of different versions", "export again, or say --copy ID")
    _same_engine(chosen, address)
    with storing(), _known(chosen), rebuilding(address, scratch, first.migrations) as rebuild:
        for manifest in chosen.manifests:
            notify(f"{manifest.name}: {manifest.rows:,} rows")
            rebuild.load(reader.files(manifest))
        _compare(chosen.manifests, loaded := rebuild.loaded())
        _finish(rebuild, reader, chosen, notify)
    return loaded


def _same_engine(chosen: Chosen, address: Address) -> None:
    """Refused(GUARDED) for copies that were made before the state was moved to the other engine."""
    engines, name = {manifest.engine for manifest in chosen.manifests}, chosen.manifests[0].environment
    if engines == {"sqlite" if address.file else "postgresql"}:
        return
    document = f"configs/environments/{name}.yaml"
    if address.file:
        fix = f"name a PostgreSQL in `database` of {document}, restore, and then: moor state move {name} --to sqlite"
    else:
        fix = f"take `database` out of {document}, restore, and then: moor state move {name} --to env:NAME"
    raise Refused(Reason.GUARDED, f"the copies are of {' and '.join(sorted(engines))}, the database is not", fix)


@contextmanager
def _known(chosen: Chosen) -> Iterator[None]:
    """Refused(STALE) for tables that this version does not know, with the one that does."""
    try:
        yield
    except TooNew as error:
        raise Refused(Reason.STALE, str(error), f"use Mooring {max(one.code for one in chosen.manifests)}") from None


def _compare(manifests: Iterable[Manifest], loaded: dict[str, Any]) -> None:
    """Refused(TAMPERED) unless every table holds what the manifest says."""
    for manifest in manifests:
        for table, told in manifest.tables.items():
            if not _same(told, loaded.get(table) or {}):
                what = f"{manifest.name}: table {table} has {_said(loaded.get(table))}, and had {_said(told)}"
                raise Refused(Reason.TAMPERED, what, "choose another copy: --copy ID (moor state list ENV)")


def _same(told: dict[str, Any], found: dict[str, Any]) -> bool:
    """Hashes are compared where servers of one major version made them."""
    old, new = str(told.get("hash")), str(found.get("hash"))
    comparable = old.partition(":")[0] == new.partition(":")[0]
    return told["rows"] == found.get("rows") and (old == new or not comparable)


def _said(table: dict[str, Any] | None) -> str:
    return ", ".join(f"{name} {value}" for name, value in (table or {"rows": 0}).items())


def _finish(rebuild: Rebuild, reader: "Reader", chosen: Chosen, notify: Notify) -> None:
    """Replays the stream, and takes away what belonged to processes, and what was forgotten."""
    rebuild.complete()
    with built(rebuild.address) as write:
        for segment in chosen.segments:
            write(partial(_replay, reader.records(segment)))
        if chosen.segments:
            notify(f"{len(chosen.segments)} segments of the stream, up to {chosen.segments[-1].number}")
        stones = reader.tombstones(chosen)
        write(lambda connection: tombstones.add(connection, stones))
        write(settle)


def _replay(records: Iterable[streamed.Record], connection: sa.Connection) -> None:
    for record in records:
        streamed.replay(connection, record)


class Reader:
    """Reads what is stored. Raises Refused(TAMPERED) for what is corrupt, and offers the copy before it."""

    def __init__(self, destination: Destination, opener: Opener) -> None:
        self._destination, self._opener = destination, opener

    def files(self, manifest: Manifest) -> Iterator[tuple[str, Iterator[bytes]]]:
        """The files of a copy, part by part."""
        for file in manifest.files:
            if file.name != TOMBSTONES:
                yield file.name, self._parts(manifest, file)

    def tombstones(self, chosen: Chosen) -> list[tuple[str, str, float]]:
        """What the newest copy and the stream after it say was forgotten."""
        found: list[tuple[str, str, float]] = []
        for file in chosen.newest.files if chosen.newest else ():
            if chosen.newest and file.name == TOMBSTONES:
                for line in b"".join(self._parts(chosen.newest, file)).splitlines():
                    subject, key, at = json.loads(line)
                    found.append((subject, key, at))
        for segment in chosen.later:
            rows = (record["row"] for record in self.records(segment) if record.get("put") == "tombstones")
            found += [(row["subject"], row["key"], row["at"]) for row in rows]
        return found

    def _parts(self, manifest: Manifest, file: File) -> Iterator[bytes]:
        for part in file.parts:
            name = part_name(manifest.collection, part.mark)
            data = self._destination.get(name)
            try:
                if data is None:
                    raise Refused(Reason.TAMPERED, f"{name} is missing")
                yield self._opener.open(name, data, part.sha256)
            except Refused as refused:
                if refused.reason is not Reason.TAMPERED:
                    raise
                instead = _instead(Shelf(self._destination), manifest.name)
                raise Refused(Reason.TAMPERED, f"{manifest.name}: {refused}", instead) from None

    def records(self, segment: Segment) -> list[streamed.Record]:
        """The changes of a segment."""
        data = self._destination.get(segment.stored.name)
        if data is None:
            raise Failed(Reason.DESTINATION, f"{segment.stored.name} vanished", "restore again")
        try:
            lines = self._opener.open(segment.stored.name, data, segment.sha256).decode().split("\n")
        except Refused as refused:
            if refused.reason is not Reason.TAMPERED:
                raise
            raise Refused(refused.reason, str(refused), WITHOUT_STREAM) from None
        return [json.loads(line) for line in lines[1:]]

    def at(self, segment: Segment) -> float:
        """Until when a segment has every change."""
        data = self._destination.get(segment.stored.name) or b""
        return float(json.loads(self._opener.open(segment.stored.name, data, segment.sha256).partition(b"\n")[0])["at"])
