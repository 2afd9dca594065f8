"""Releases as people know them: by the beginning of the digest and what their commit says of itself."""

from pathlib import Path

from mooring.rollout.actions import short
from mooring.rollout.ledger import Ledger


def named(root: Path, ledger: Ledger, digest: str | None) -> str:
    """`1a2b3c4d5e6f (the subject of its commit)`; "-" for none."""
    from mooring.operate.why import described

    if digest is None:
        return "-"
    said = described(root, ledger.commit_of(ledger.location.environment, digest))
    return f"{short(digest)} ({said['subject']})" if said and said["subject"] else short(digest)
