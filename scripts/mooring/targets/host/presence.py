"""Says in the database that this machine is there, and refuses a file that another machine is using."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.state.records import machines
from mooring.state.records.machines import BEAT_SECONDS, GONE_SECONDS, Machine
from mooring.state.records.statements import Statements

MOST_SECONDS = 5.0
"""How far a clock may be from the database's before it is said."""

log = logging.getLogger("mooring.supervisor")


class Presence:
    """Of one machine in one environment. Methods wait for the database, and raise Stopped."""

    def __init__(self, me: Machine, sleep: Callable[[float], None] = time.sleep) -> None:
        self._me, self._sleep = me, sleep
        self._next = 0.0
        self._said = False
        self.others: list[Machine] = []

    @property
    def ahead(self) -> float:
        """Seconds that this machine's clock is ahead of the database's."""
        return self._me.ahead

    def enter(self, ledger: Ledger) -> None:
        """Refused(GUARDED) when another machine says meanwhile that it is there: for a database that is a file."""
        before = {one.id: one.beat for one in ledger.read(machines.known) if one.host != self._me.host}
        end = time.monotonic() + (GONE_SECONDS if before else 0)
        while time.monotonic() < end:
            self._beat(ledger)
            self._sleep(BEAT_SECONDS / 2)
            for one in ledger.read(machines.known):
                if one.beat > before.get(one.id, one.beat):
                    raise _used(one, ledger)
        for name in before:
            ledger.write(lambda statements, name=name: machines.leave(statements, name))  # type: ignore[misc]

    def say(self, ledger: Ledger, live: str | None, entry: int) -> None:
        """Says every few seconds that it is there, with the release that has the traffic."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        ahead = ledger.read(_ahead) if ledger.location.variable else 0.0
        self._me = replace(self._me, live=live, entry=entry, ahead=ahead)
        self._beat(ledger)
        self.others = [one for one in ledger.read(machines.alive) if one.id != self._me.id]
        if (far := abs(ahead) > MOST_SECONDS) and not self._said:
            log.warning("the clock of this machine differs from the database's by %.0f s; set it right", ahead)
        self._said = far

    def leave(self, ledger: Ledger) -> None:
        """Says that it is there no more."""
        ledger.write(lambda statements: machines.leave(statements, self._me.id))

    def _beat(self, ledger: Ledger) -> None:
        ledger.write(lambda statements: machines.beat(statements, self._me))


def _ahead(statements: Statements) -> float:
    """Half the way there and back is taken off."""
    before = time.time()
    there = statements.now()
    return (before + time.time()) / 2 - there


def _used(other: Machine, ledger: Ledger) -> Refused:
    return Refused(
        Reason.GUARDED,
        f"{ledger.location} is in use on {other.host}, as {other.folder}: two machines cannot share a file",
        "let both share a PostgreSQL: name it in the environment by database.secretRef",
    )
