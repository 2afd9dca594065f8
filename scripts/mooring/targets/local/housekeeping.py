"""What a supervisor looks after now and then: standbys whose time is over, and rollouts that were left half-done."""

import logging
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, other
from mooring.state.location import kept, locate
from mooring.targets.local import folders
from mooring.targets.local.memory import Memory
from mooring.targets.local.requirements import Requirements

AGAIN = 10.0
"""Seconds from one recovery to the next when it failed."""

log = logging.getLogger("mooring.supervisor")


class Housekeeping:
    """One environment's. `command` starts a recovery in a process of its own; `environ` are its variables.

    `cold` and `recover` wait for the database, so they are to be called in a thread, one after the other.
    """

    def __init__(
        self,
        root: Path,
        state: Path,
        environment: str,
        memory: Memory,
        command: Sequence[str],
        environ: Callable[[], Mapping[str, str]],
    ) -> None:
        self._root, self._state, self._environment, self._memory = root, state, environment, memory
        self._command, self._environ = command, environ
        self._ledger: Ledger | None = None
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
        """Starts a process that finishes or undoes what a dead one left behind."""
        code = self._recovery.poll() if self._recovery else 0
        early = code != 0 and time.monotonic() < self._next
        if code is None or early or not self._under_way(left=True):
            return
        log.info("a rollout was left half-done; recovering")
        self._next = time.monotonic() + AGAIN
        self._recovery = subprocess.Popen(self._command, stdin=subprocess.DEVNULL, env=self._environ())

    def _under_way(self, left: bool = False) -> bool:
        """Whether there is a rollout; with `left`, only one that nobody has a lease for."""
        try:
            ledger = self._opened()
            if ledger is None or ledger.state(self._environment).phase is Phase.IDLE:
                return False
            return not (left and lease.holder(ledger, self._environment))
        except BaseException:
            self.close()  # the next time it is opened with what is known then
            raise

    def _opened(self) -> Ledger | None:
        """The ledger, where there is one; it stays open until its environment's state is elsewhere."""
        if not kept(self._state):
            return None
        where = locate(self._root, self._environment, self._state)
        if self._ledger is None or self._ledger.location != where:
            self.close()
            self._ledger = Ledger.of(self._root, self._environment, self._state, self._environ())
        return self._ledger

    def close(self) -> None:
        """It may be used again."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
