"""Deletes what was kept long enough: only by age and by count, only after a newer copy was verified."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mooring.errors import Refused
from mooring.operate.export.copying import Notify, part_name
from mooring.operate.export.manifest import SUFFIX, Manifest, place
from mooring.operate.export.shelf import COLLECTIONS, Shelf
from mooring.operate.export.source import Source
from mooring.outcome import Reason
from mooring.spec.export import Export

SKEW = 300.0
"""Seconds by which two clocks may differ; beyond that, nobody knows how old anything is."""

ORPHAN = 86400.0
"""Seconds after which a part that no manifest names is left over from an export that was killed."""

DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy, whether it is to be deleted, and why or why not."""

    name: str
    at: float
    delete: bool
    why: str

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return {"copy": self.name, "at": self.at, "delete": self.delete, "why": self.why}


@dataclass(frozen=True)
class Pruned:
    """What was decided, and how much was deleted, or would be. Object Lock holds `locked` objects."""

    copies: tuple[Kept, ...]
    parts: int
    segments: int
    bytes: int
    locked: int = 0


def prune(source: Source, dry: bool, notify: Notify, clock: Callable[[], float] = time.time) -> Pruned:
    """Deletes copies, parts that none of the others has, and the stream before the oldest copy that is kept.

    Refused(CLOCK_SKEW) when the destination's clock and this machine's differ, Refused(TAMPERED) for a manifest that
    does not say what it needs, Refused(LOCKED) while a copy is made.
    """
    with source.lease("copy") as lease:

        def delete(name: str) -> bool:
            lease.renew()  # or an export would count on parts that go
            return dry or source.destination.delete(name)

        there, here = source.destination.now(), clock()
        if abs(there - here) > SKEW:
            what = f"the clock of {source.destination.url} is {abs(there - here):,.0f} s from this machine's"
            raise Refused(Reason.CLOCK_SKEW, what, "correct the clock that is wrong; nothing was deleted")
        shelf = Shelf(source.destination)
        decided = tuple(decide(shelf, source.document, there, here))
        kept = _manifests(shelf, [one for one in decided if not one.delete])
        deleted = [one for one in decided if one.delete and delete(place(one.name))]
        kept += _manifests(shelf, [one for one in decided if one.delete and one not in deleted])
        # Only now: what a copy needs goes after the copy, so that none is left that cannot be restored.
        garbage = list(_garbage(shelf, kept, there))
        gone = [(name, size) for name, size in garbage if delete(name)]
    if locked := len(garbage) - len(gone) + sum(one.delete for one in decided) - len(deleted):
        notify(f"{locked} objects are held by the bucket's Object Lock")
    return _account(decided, gone, locked)


def _manifests(shelf: Shelf, copies: list[Kept]) -> list[Manifest]:
    """Refused(TAMPERED) for one that was changed: nobody knows which parts it needs."""
    found = []
    for one in copies:
        try:
            found.append(shelf.manifest(one.name))
        except Refused as refused:
            fix = f"put it back as it was, or delete {place(one.name)} at {shelf.destination.url}"
            raise Refused(refused.reason, str(refused), fix) from None
    return found


def decide(shelf: Shelf, document: Export, there: float, here: float) -> Iterator[Kept]:
    """What becomes of each copy, by the clocks of the destination and of this machine.

    Younger than it must be by either clock is kept.
    """
    days: dict[str, float | None] = {**document.keep_days.model_dump(), "record": None}
    for collection in COLLECTIONS:
        names = shelf.of(collection)
        proven = next((number for number, name in enumerate(names) if _id(name) in shelf.verified), None)
        for number, name in enumerate(names):
            stored = shelf.stored[name].at
            age = min(there - stored, here - _made(name)) / DAY
            yield Kept(name, stored, *_verdict(document, name, number, proven, age, days[collection]))


def _verdict(
    document: Export, name: str, number: int, proven: int | None, age: float, days: float | None
) -> tuple[bool, str]:
    """Whether to delete a copy, the `number`th newest one of its collection, and why."""
    now = datetime.now(UTC)
    for hold in document.holds:
        if name.startswith(hold.prefix) and (hold.until is None or hold.until > now):
            return False, f"held: {hold.reason}"
    if days is None:
        return False, "kept for ever"
    if age <= days:
        return False, f"{max(0.0, age):.0f} of {days:.0f} days old"
    if number < document.at_least:
        return False, f"one of the {document.at_least} newest"
    if proven is None or proven >= number:
        return False, "no newer copy was verified"
    return True, f"{age:.0f} days old"


def _garbage(shelf: Shelf, kept: list[Manifest], there: float) -> Iterator[tuple[str, int]]:
    """Names and bytes of what only deleted copies needed."""
    needed = {part_name(one.collection, part.mark) for one in kept for part in one.parts}
    for stored in shelf.destination.list("parts"):
        if stored.name not in needed and there - stored.at > ORPHAN:
            yield stored.name, stored.bytes
    ids = {one.id for one in kept}
    for copied in shelf.verified:
        if copied not in ids:
            yield f"verified/{copied}{SUFFIX}", 0
    yield from _passed(shelf, kept, there)


def _passed(shelf: Shelf, kept: list[Manifest], there: float) -> Iterator[tuple[str, int]]:
    """Segments that every collection's newest verified copy has in it."""
    newest = {}
    for manifest in sorted(kept, key=lambda one: one.id):
        if manifest.id in shelf.verified and manifest.stream:
            newest[manifest.collection] = (manifest.stream["epoch"], manifest.stream["next"])
    if len(newest) < len({manifest.collection for manifest in kept}) or not newest:
        return
    oldest = min(newest.values())
    for segment in shelf.segments:
        if (segment.epoch, segment.number) < oldest and there - segment.stored.at > ORPHAN:
            yield segment.stored.name, segment.stored.bytes


def _account(decided: tuple[Kept, ...], garbage: list[tuple[str, int]], locked: int) -> Pruned:
    segments = sum(name.startswith("stream/") for name, _size in garbage)
    parts = sum(name.startswith("parts/") for name, _size in garbage)
    return Pruned(decided, parts, segments, sum(size for _name, size in garbage), locked)


def _id(name: str) -> str:
    return name.partition("/")[2]


def _made(name: str) -> float:
    return datetime.strptime(_id(name), "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC).timestamp()
