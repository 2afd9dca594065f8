"""The ledger's entry of an exercise: that the state could be got back, and what that would have cost."""

from dataclasses import dataclass

from mooring.operate.entry import write
from mooring.operate.export.verify import Proof
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event


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
    event = Proved(proof.at, proof.id, proof.rpo, proof.rto, proof.rows, proof.conversation)
    return write(ledger, environment, actor, "verify", event)
