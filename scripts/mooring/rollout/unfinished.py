"""Rollouts that nobody goes on with: who keeps house sees them by the ledger, and when they are its to recover."""

import time
from dataclasses import dataclass
from typing import Self

from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, State

AGAIN = 10.0
"""Seconds from one attempt to the next when it failed."""

OTHERS = 15.0
"""Seconds that a rollout which was left is the business of its own place alone."""

_NOTHING = State()


@dataclass(frozen=True, slots=True)
class Seen:
    """The ledger at one moment; `machine` made its last entry, and `held` says whether somebody holds the lease."""

    seq: int = 0
    machine: str = ""
    state: State = _NOTHING
    held: bool = False

    @classmethod
    def read(cls, ledger: Ledger, environment: str) -> Self:
        """As it is now. Raises MooringError."""
        newest = ledger.entries(1, environment)
        held = lease.holder(ledger, environment) is not None
        return cls(newest[0].seq, newest[0].machine, State.read(newest[0].state), held) if newest else cls()

    @property
    def idle(self) -> bool:
        """Whether no rollout is under way."""
        return self.state.phase is Phase.IDLE

    @property
    def expired(self) -> bool:
        """Whether the time of the hotfix that is live is over."""
        return bool(self.state.hotfix and self.state.hotfix.over(time.time()))


class Unfinished:
    """For how long a rollout has been left, as one process sees it."""

    def __init__(self) -> None:
        self._left = (0, time.monotonic())

    def look(self, seen: Seen) -> None:
        """Takes notice of the ledger."""
        if seen.idle or seen.held or self._left[0] != seen.seq:
            self._left = (seen.seq, time.monotonic())

    def due(self, seen: Seen, machine: str) -> bool:
        """Whether `machine` is to recover it: at once if it is its own, another's after a while."""
        if seen.idle or seen.held:
            return False
        return seen.machine in ("", machine) or time.monotonic() - self._left[1] > OTHERS
