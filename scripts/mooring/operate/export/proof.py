"""The ledger's entry of an exercise: that the state could be got back, and what that would have cost."""

import time
from dataclasses import dataclass

from mooring.errors import Refused
from mooring.operate.export.verify import Proof
from mooring.rollout import lease
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event
from mooring.state.records.leases import Lease

PATIENCE = 60.0
"""Seconds to wait for a deployment, whose entries this one must not come between."""


@dataclass(frozen=True, slots=True)
class Proved(Event):
    """The copies `export` were restored into a scratch database. `rpo` and `rto` in seconds."""

    export: str
    rpo: float
    rto: float
    rows: int
    conversation: str | None


def record(ledger: Ledger, environment: str, actor: str, proof: Proof) -> Entry:
    """Writes what was proved. Raises Refused(LOCKED) while somebody deploys, Failed(STORAGE)."""
    held = _acquired(ledger, environment, actor)
    try:
        event = Proved(proof.at, proof.id, proof.rpo, proof.rto, proof.rows, proof.conversation)
        return ledger.append(environment, held.token, actor, event, ledger.state(environment))
    finally:
        lease.release(ledger, held)


def _acquired(ledger: Ledger, environment: str, actor: str) -> Lease:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return lease.acquire(ledger, environment, actor, "verify")
        except Refused:
            if time.monotonic() > end:
                raise
        time.sleep(0.5)
