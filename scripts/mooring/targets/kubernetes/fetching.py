"""Brings the release of a pod from the database, which may not answer at once."""

import time
from collections.abc import Callable
from pathlib import Path

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.release.store import RELEASES, Store
from mooring.state.place.address import Address
from mooring.state.stored_releases import Releases
from mooring.state.transactions import Transactions

PATIENCE = 20.0
"""Seconds that the database has to answer, after which the kubelet starts the container later again."""

AGAIN = 1.0
"""Seconds between two attempts."""

ANSWER = 5.0
"""Seconds that one attempt may take."""


def fetch(
    address: Address,
    state: Path,
    digest: str,
    patience: float = PATIENCE,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """The verified file of a release.

    Raises UsageError for one that nobody stored, Refused(TAMPERED) for content that is not what the digest names, and
    Failed(STORAGE) when the database does not answer in time.
    """
    database = Transactions(address, patience=ANSWER)
    files = Store(state / RELEASES)
    releases = Releases(database, files)
    end = time.monotonic() + patience
    try:
        while True:
            try:
                release = releases.verified(digest)
                return files.put(release)
            except Failed as failed:
                if failed.reason is not Reason.STORAGE or time.monotonic() > end:
                    raise
            sleep(AGAIN)
    finally:
        database.close()
