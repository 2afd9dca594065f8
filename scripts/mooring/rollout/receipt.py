"""The receipt of a finished rollout: which release, how long, and what happened to every request."""

from dataclasses import asdict, dataclass
from typing import Any

from mooring.rollout.state import Event
from mooring.rollout.target import Facts


@dataclass(frozen=True, slots=True)
class Receipt:
    """`kind` is that of the rollout, or no-op. Counts are of requests between the first step and the last.

    `lost` were received and have neither an answer nor a client that left: 0 unless a slot was killed.
    `hash` is the ledger's head. `standby` is the slot where the previous release stands by, None where it does not:
    it ran elsewhere before the environment moved.
    """

    environment: str
    kind: str
    digest: str
    previous: str | None
    slot: str
    received: int
    answered: int
    failed: int
    abandoned: int
    in_flight: int
    lost: int
    switch_ms: float | None
    seconds: float
    seq: int
    hash: str
    standby: str | None = None

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Accounted(Event):
    """The ledger's copy of a receipt: what became of every request of a rollout, which took `seconds`."""

    received: int
    answered: int
    failed: int
    abandoned: int
    in_flight: int
    lost: int
    seconds: float
    switch_ms: float | None


def account(before: Facts, after: Facts) -> dict[str, int]:
    """Requests between two readings: received, answered, failed, abandoned, lost; and those in flight now."""
    start, end = before.counts(), after.counts()
    ended = {name: end[name] - start[name] for name in ("answered", "failed", "abandoned")}
    # Those in flight at the start were received before it.
    received = end["received"] - start["received"] + start["in_flight"]
    lost = received - sum(ended.values()) - end["in_flight"]
    return {**ended, "received": received, "in_flight": end["in_flight"], "lost": lost}
