"""Adds an entry to the ledger that is no step of a rollout."""

import time

from mooring.errors import Refused
from mooring.rollout import lease
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event
from mooring.state.records.leases import Lease

PATIENCE = 60.0
"""Seconds to wait for a deployment, whose entries this one must not come between."""


def write(ledger: Ledger, environment: str, actor: str, kind: str, event: Event) -> Entry:
    """Writes an event under a lease of this kind. Raises Refused(LOCKED) while somebody deploys, Failed(STORAGE)."""
    held = _acquired(ledger, environment, actor, kind)
    try:
        return ledger.append(environment, held.token, actor, event, ledger.state(environment))
    finally:
        lease.release(ledger, held)


def _acquired(ledger: Ledger, environment: str, actor: str, kind: str) -> Lease:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return lease.acquire(ledger, environment, actor, kind)
        except Refused:
            if time.monotonic() > end:
                raise
        time.sleep(0.5)
