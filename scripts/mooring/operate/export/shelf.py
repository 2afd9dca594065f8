"""What there is at a destination: manifests, the stream, and what was verified."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mooring.errors import Failed, Refused
from mooring.operate.export.destination import Destination, Stored
from mooring.operate.export.manifest import SUFFIX, Manifest, place
from mooring.outcome import Reason

COLLECTIONS = ("conversations", "memory", "runs", "record")


@dataclass(frozen=True, slots=True)
class Segment:
    """An object of the stream: number `number` since `epoch` began."""

    epoch: str
    number: int
    sha256: str
    stored: Stored


class Shelf:
    """As the destination is now; read once. Methods raise Failed(DESTINATION)."""

    def __init__(self, destination: Destination) -> None:
        self.destination = destination

    @cached_property
    def stored(self) -> dict[str, Stored]:
        """Manifests by the name of the copy, oldest first."""
        found = {one.name: one for one in self.destination.list("copies") if one.name.endswith(SUFFIX)}
        named = {name.removeprefix("copies/").removesuffix(SUFFIX): one for name, one in found.items()}
        return dict(sorted(named.items(), key=lambda item: (item[0].partition("/")[2], item[0])))

    def ids(self) -> list[str]:
        """Ids of copies, oldest first."""
        return sorted({name.partition("/")[2] for name in self.stored})

    def of(self, collection: str, upto: str | None = None) -> list[str]:
        """Names of the copies of a collection, the newest first; of these not made after the id `upto`."""
        names = [name for name in self.stored if name.startswith(f"{collection}/")]
        return [name for name in reversed(names) if upto is None or name.partition("/")[2] <= upto]

    def manifest(self, name: str) -> Manifest:
        """Raises Refused(TAMPERED) for one that was changed, Failed(DESTINATION) for one that is gone."""
        text = self.destination.get(place(name))
        if text is None:
            raise Failed(Reason.DESTINATION, f"the copy {name} is gone", "moor state list ENV")
        return Manifest.read(name, text)

    def newest(self, collection: str) -> Manifest | None:
        """The newest copy of a collection whose manifest is whole; None where there is none."""
        for name in self.of(collection):
            try:
                return self.manifest(name)
            except Refused:
                continue
        return None

    @cached_property
    def segments(self) -> list[Segment]:
        """The stream, in order within each epoch."""
        return sorted(self._segments(), key=lambda one: (one.epoch, one.number, one.stored.at))

    def _segments(self) -> Iterator[Segment]:
        for one in self.destination.list("stream"):
            _, epoch, name = one.name.split("/")
            number, _, sha256 = name.partition("-")
            yield Segment(epoch, int(number), sha256, one)

    @cached_property
    def verified(self) -> dict[str, dict[str, Any]]:
        """By the id of a copy that was verified: when, and the RPO and RTO that were found, in seconds."""
        found = {}
        for one in self.destination.list("verified"):
            text = self.destination.get(one.name)
            found[one.name.partition("/")[2].removesuffix(SUFFIX)] = json.loads(text or b"{}")
        return found
