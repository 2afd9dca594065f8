"""Proves that the state can be got back: restores the newest export into a scratch database, and uses it."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from mooring.operate.export.conversing import go_on
from mooring.operate.export.copying import Notify
from mooring.operate.export.manifest import SUFFIX
from mooring.operate.export.restore import Chosen, Reader, choose, restore
from mooring.operate.export.seal import Opener
from mooring.operate.export.source import Source, storing
from mooring.state.copies.scratch import SLOT, scratch_database
from mooring.state.records import changes

if TYPE_CHECKING:
    from mooring.release.release import Release


@dataclass(frozen=True, slots=True)
class Proof:
    """That the copies `id` were restored at a time. `rpo` is how many seconds of changes would have been lost just
    before that, `rto` how many it took until a conversation went on. `conversation` is None where there is none."""

    id: str
    at: float
    rpo: float
    rto: float
    rows: int
    conversation: str | None

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def verify(source: Source, release: "Release", rules: Path, opener: Opener, notify: Notify) -> Proof:
    """Restores what `moor state restore` would, compares counts and hashes, and lets one conversation go on.

    Raises what a restore raises, and Refused(PROBE_FAILED).
    """
    begun, at = time.monotonic(), time.time()
    chosen = choose(source.destination)
    rpo = max(0.0, at - _through(source, chosen, opener))
    with source.scratch() as folder, storing(), scratch_database(source.address, folder) as scratch:
        rows = restore(source.destination, chosen, scratch, folder, opener, notify)
        said = go_on(release, scratch, folder / SLOT, rules)
    rto = time.monotonic() - begun
    whole = sum(table["rows"] for table in rows.values())
    proof = Proof(chosen.id, at, round(rpo, 3), round(rto, 3), whole, said.conversation if said else None)
    source.destination.put(f"verified/{proof.id}{SUFFIX}", json.dumps(proof.data()).encode(), replace=True)
    told = {"id": proof.id, "rpo": proof.rpo, "rto": proof.rto}
    source.write(lambda connection: changes.tell(connection, "verified", at, **told))
    return proof


def _through(source: Source, chosen: Chosen, opener: Opener) -> float:
    """The time before which every change is at the destination."""

    def idle(connection: sa.Connection) -> float:
        known = changes.known(connection, "stream")
        return known["seen"] if known and "epoch" in known and not changes.waiting(connection) else 0.0

    through = max(chosen.at, source.read(idle))
    if chosen.segments:
        through = max(through, Reader(source.destination, opener).at(chosen.segments[-1]))
    return through
