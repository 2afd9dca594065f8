"""Releases and deployments as people know them."""

from pathlib import Path

from mooring.rollout import logbook
from mooring.rollout.actions import short
from mooring.rollout.ledger import Ledger
from mooring.rollout.logbook import Record

ROLLOUTS = 5
"""Deployments that are told of."""

READ = 400
"""Entries that are read for them at most: most deployments are seven, and notes lie between them."""


def named(root: Path, ledger: Ledger, digest: str | None) -> str:
    """`1a2b3c4d5e6f (the subject of its commit)`; "-" for none."""
    from mooring.operate.why import described

    if digest is None:
        return "-"
    said = described(root, ledger.commit_of(ledger.location.environment, digest))
    return f"{short(digest)} ({said['subject']})" if said and said["subject"] else short(digest)


def rollouts(ledger: Ledger, most: int) -> list[Record]:
    """The last deployments, the newest first."""
    from itertools import islice

    entries = islice(ledger.backward(ledger.location.environment), READ)
    return [record for record in logbook.newest(entries, READ)[0] if record.rollout][:most]


def last(ledger: Ledger) -> Record | None:
    """The last one that moved traffic."""
    return next((one for one in rollouts(ledger, READ) if one.outcome in (logbook.DONE, logbook.KEPT)), None)
