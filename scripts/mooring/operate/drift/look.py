"""One look at an environment for drift, with what git says is to be done about it, and the note of it."""

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from mooring.operate.drift.observe import Report, observe
from mooring.operate.drift.sides import Target
from mooring.rollout.notes import Noted, note, notes

if TYPE_CHECKING:
    from mooring.rollout.ledger import Ledger


def look(root: Path, name: str, ref: str | None, running: Target, book: "Ledger") -> Report:
    """The report on an environment, with the answers that git gives. Raises as `observe`."""
    report = observe(root, name, ref, running, book)
    if not report.differences:
        return report
    from mooring.operate.drift.answers import answered, documents

    return answered(report, documents(root, report.git.commit), datetime.now(UTC))


def remember(book: "Ledger", name: str, who: str, what: str, fields: list[str]) -> None:
    """Notes in the ledger what differs, unless its newest note says the same."""
    newest = next(iter(notes(book.entries(1000, name), what)), (0.0, frozenset[str]()))[1]
    if newest != frozenset(fields):
        note(book, name, who, Noted(time.time(), what, tuple(sorted(fields))))
