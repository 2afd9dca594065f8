"""One-way doors of the database, as a rollout meets them: a slot that is warm with code from before one stays shut."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.actions import short
from mooring.state.running_folder import folder

if TYPE_CHECKING:
    from mooring.rollout.ledger import Ledger
    from mooring.rollout.target import Reader


def passable(target: "Reader", ledger: "Ledger", state: Path, digest: str) -> None:
    """Refused(GUARDED) when a slot that is warm with a release runs code from before a one-way door.

    `state` is the environment's folder. Raises Failed(NOT_RUNNING) where nothing runs.
    """
    needs = max((row[0] for row in ask(ledger, "select needs from identity")), default=0)
    warm = target.facts().warm() if needs else None
    if warm is None or warm.digest != digest or knows(ledger, state, warm.slot) >= needs:
        return
    what = f"{short(digest)} in {warm.slot} runs with code from before a one-way door of the database"
    fix = f"moor restart {target.environment} {warm.slot}: the same release with this code; then go back to it"
    raise Refused(Reason.GUARDED, what, fix)


def knows(ledger: "Ledger", state: Path, slot: str) -> int:
    """The migrations that the code of a slot knows; 0 for one that never said."""
    query = "select migrations from running_code where folder = :folder and slot = :slot"
    rows = ask(ledger, query, folder=folder(state), slot=slot)
    return int(rows[0][0]) if rows else 0


def ask(ledger: "Ledger", query: str, **values: str) -> list[tuple[Any, ...]]:
    """The rows of a query."""
    return ledger.read(lambda statements: statements(query, **values))
