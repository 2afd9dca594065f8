"""What a supervisor looks after now and then: standbys whose time is over, and rollouts that were left half-done."""

import logging
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, other
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory
from mooring.targets.local.requirements import Requirements

AGAIN = 10.0
"""Seconds from one recovery to the next when it failed."""

log = logging.getLogger("mooring.supervisor")


class Housekeeping:
    """One environment's. `command` starts a recovery in a process of its own."""

    def __init__(self, state: Path, environment: str, memory: Memory, command: Sequence[str]) -> None:
        self._state, self._environment, self._memory = state, environment, memory
        self._command = command
        self._recovery: subprocess.Popen[bytes] | None = None
        self._next = 0.0

    def cold(self) -> str | None:
        """The standby slot, when it was warm for as long as the live release's environment says."""
        if self._memory.live is None:
            return None
        standby = self._memory.slots[other(self._memory.live)]
        live = self._memory.slots[self._memory.live].digest
        if standby.digest is None or live is None or not standby.idle_since:
            return None
        warm = Requirements.read(folders.release_file(self._state, live)).warm
        if time.time() - standby.idle_since < warm or self._under_way():
            return None
        return other(self._memory.live)

    def recover(self) -> None:
        """Starts a process that finishes or undoes what a dead one left behind, or takes back a hotfix that is over."""
        code = self._recovery.poll() if self._recovery else 0
        early = code != 0 and time.monotonic() < self._next
        if code is None or early or (why := self._left()) is None:
            return
        log.info(why)
        self._next = time.monotonic() + AGAIN
        self._recovery = subprocess.Popen(self._command, stdin=subprocess.DEVNULL)

    def _under_way(self) -> bool:
        with self._ledger() as ledger:
            return ledger is not None and ledger.state(self._environment).phase is not Phase.IDLE

    def _left(self) -> str | None:
        """What is left to do that nobody does: nobody has a lease. None when nothing is."""
        with self._ledger() as ledger:
            if ledger is None:
                return None
            now, state = time.time(), ledger.state(self._environment)
            over = state.hotfix is not None and state.hotfix.over(now)
            if state.phase is Phase.IDLE and not over:
                return None
            held = lease.read(ledger, self._environment)
            if held is not None and held.held(now):
                return None
            return "the time of a hotfix is over; going back" if over else "a rollout was left half-done; recovering"

    @contextmanager
    def _ledger(self) -> Iterator[Ledger | None]:
        path = self._state / "ledger.db"
        if not path.exists():
            yield None
            return
        ledger = Ledger(path)
        try:
            yield ledger
        finally:
            ledger.close()
