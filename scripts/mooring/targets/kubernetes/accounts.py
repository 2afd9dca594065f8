"""Keeps the row of a pod in the database: what it counted, and that it is there; and reads which slot is live."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from mooring.errors import Stopped
from mooring.rollout.ledger import Ledger
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.watch.accounting import COUNTED
from mooring.runtime.watch.tally import owner, read
from mooring.state.records import machines, pods
from mooring.state.records.machines import BEAT_SECONDS as MACHINE_SECONDS
from mooring.state.records.machines import Machine
from mooring.state.records.pods import Pod

LOOK_SECONDS = 1.0
"""Between two looks at what was counted."""

LEDGER_SECONDS = 2.0
"""Between two looks at the ledger."""

LAST_SECONDS = 5.0
"""How long a pod that ends tries to write its last counts."""


class Accounts:
    """Of one process. `counts` says what it has counted; `live` is the slot that has the traffic by the ledger, and
    `peers` how many pods its own slot has.

    All of it is done in threads, so that a database that does not answer holds up no request.
    """

    def __init__(self, ledger: Ledger, pod: Pod, counts: Callable[[], Mapping[str, int]], state: Path) -> None:
        self._ledger, self._pod, self._counts = ledger, pod, counts
        self._base: Mapping[str, int] = {}
        self._begun = self._troubled = False
        self._wrote = self._looked = self._machine = float("-inf")
        self._me = Machine(pod.uid, machines.host(), f"{pod.pod}:{state}")
        self.live: str | None = None
        self.peers = 1

    @property
    def row(self) -> Pod:
        """Its row, as it is by now."""
        counts = self._counts()
        return self._pod.counting(
            {name: counts[name] - (self._base.get(name, 0) if name != "in_flight" else 0) for name in COUNTED}
        )

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._look)
                self._troubled = False
            except Stopped as stopped:
                if not self._troubled:
                    LOGGER.warning("cannot keep accounts: %s", stopped)
                self._troubled = True
            await asyncio.sleep(LOOK_SECONDS)

    async def end(self) -> None:
        """Writes the last counts, and that this pod is there no more."""
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await asyncio.to_thread(self._end)
        except (Stopped, TimeoutError) as error:
            LOGGER.error("cannot write the last counts: %s", error)

    def _look(self) -> None:
        self._say()
        now = time.monotonic()
        if now - self._machine > MACHINE_SECONDS:
            self._ledger.write(lambda statements: machines.beat(statements, self._me))
            self._machine = now
        if now - self._looked > LEDGER_SECONDS:
            live = self._ledger.state(self._pod.environment).live
            there = self._ledger.read(lambda statements: pods.living(statements, self._pod.environment, self._pod.slot))
            self.live, self.peers, self._looked = live.slot if live else None, max(1, there), now

    def _say(self, ended: bool = False) -> None:
        row, now = self.row, time.monotonic()
        if self._begun and not ended and row == self._pod and now - self._wrote < pods.BEAT_SECONDS:
            return
        if not self._begun:
            self._ledger.write(lambda statements: pods.begin(statements, row))
        elif not self._ledger.write(lambda statements: pods.beat(statements, row, ended)):
            self._again()
            return
        self._begun, self._pod, self._wrote = True, row, now

    def _again(self) -> None:
        """Its row was folded into the sum of its slot during a long silence: what is counted since has a new one."""
        self._base = {name: self._base.get(name, 0) + getattr(self._pod, name) for name in COUNTED}
        self._pod = replace(self._pod, id=f"{self._pod.uid}-{secrets.token_hex(4)}").counting({})
        self._begun = False

    def _end(self) -> None:
        if self._begun:
            self._say(ended=True)
        self._ledger.write(lambda statements: machines.leave(statements, self._pod.uid))
        self._ledger.close()


def settle_former(ledger: Ledger, state: Path, mine: Pod) -> None:
    """Ends the rows of earlier containers of this pod, which were killed: with what outlived them in files, exactly.

    Raises Stopped.
    """
    for row in ledger.read(lambda statements: pods.of(statements, mine.environment)):
        if row.uid != mine.uid or row.ended is not None:
            continue
        path = tally(state, row.id)
        counted = read(path, owner(path))
        last = row.counting(dict(zip(COUNTED, counted, strict=False))) if counted else row
        ledger.write(lambda statements, last=last: pods.beat(statements, last, ended=True))  # type: ignore[misc]
        path.unlink(missing_ok=True)


def tally(state: Path, row: str) -> Path:
    """Where the process with a row keeps its counts."""
    return state / f"{row}.counts"
