"""Runs one live drill of an environment's documents, from its scratch copy to its receipt in the ledger."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import Stopped
from mooring.operate.exercises.outcome import Check, Exercised
from mooring.operate.exercises.receipt import record
from mooring.operate.exercises.table import beside, exercise, opened

if TYPE_CHECKING:
    from mooring.operate.exercises.target import MakeTarget
    from mooring.rollout.ledger import Ledger
    from mooring.spec.environment import Exercise


@dataclass(frozen=True, slots=True)
class Drill:
    """A drill that has ended: what it found, how long it took, and the digest of what the documents made."""

    found: Exercised
    seconds: float
    release: str

    def receipt(self, ledger: "Ledger", environment: str, actor: str) -> int:
        """Writes the receipt; its number in the ledger. Raises Refused(LOCKED) while somebody deploys."""
        return record(ledger, environment, actor, self.found, self.release, self.seconds).seq


def drill(
    root: Path,
    environment: str,
    name: "Exercise",
    make: "MakeTarget",
    notify: Callable[[str], None],
    actor: str,
    **options: Any,
) -> Drill:
    """Starts a copy of the environment's documents, breaks it, and stops it. Raises FindingsError, or what keeps it
    from being served at all. `actor` is who others are told that drills."""
    from mooring.catalog.load import load_valid
    from mooring.catalog.source import WorkTree
    from mooring.release.resolve import resolve

    release = resolve(load_valid(WorkTree(root)), environment)
    begun = time.monotonic()
    document = release.content.environment
    with opened(name, root, document, make, notify, actor) as scratch:
        try:
            found = exercise(name, document, **options)(scratch)
        except Stopped as stopped:
            # The copy was served: that it is not any more is a result, and belongs into the ledger as well.
            found = Exercised(name, (Check("the drill", "ends", str(stopped), None),), str(stopped))
    if document.target.type != "local" and not beside(name, document):
        # Whoever reads the receipt must not take it for one of the cluster's own processes.
        where = "on this machine, with a copy of its documents"
        found = replace(found, said=f"{found.said}; {where}", figures={**found.figures, "where": "this machine"})
    return Drill(found, time.monotonic() - begun, release.digest)
