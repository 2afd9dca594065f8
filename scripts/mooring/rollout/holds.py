"""Locks and silences of an environment: each has an owner, a reason and an end, and ends by itself."""

import secrets
from datetime import UTC, datetime

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger
from mooring.state.records import holds
from mooring.state.records.holds import LOCK, SILENCE, Hold
from mooring.state.records.ledger import lock as one_at_a_time
from mooring.state.records.statements import Statements

KEEP = 90 * 86400.0
"""Seconds that holds are kept after their end."""


def locked(ledger: Ledger, environment: str) -> Hold | None:
    """The lock that keeps deployments out now."""
    return ledger.read(lambda statements: _lock(statements, ledger, environment))


def admit(ledger: Ledger, environment: str) -> None:
    """Raises Refused(LOCKED) while a person keeps deployments out. Going back asks nobody."""
    if held := locked(ledger, environment):
        raise _refused(held)


def lock(ledger: Ledger, environment: str, owner: str, reason: str, seconds: float) -> Hold:
    """Keeps deployments out for so long from now. Who has a lock already gets a new end by it.

    Raises Refused(LOCKED) while it is somebody else's.
    """

    def work(statements: Statements) -> Hold:
        one_at_a_time(statements, environment)
        now, held = ledger.now(statements), _lock(statements, ledger, environment)
        if held and held.owner != owner:
            raise _refused(held)
        if held:
            holds.end(statements, held.id, owner, now)
            holds.announce(statements, held.id)  # it goes on by the new one
        return _put(statements, LOCK, environment, owner, reason, now, seconds)

    return ledger.write(work)


def unlock(ledger: Ledger, environment: str, by: str) -> Hold | None:
    """Lets deployments in again; the lock that was ended, None where there was none."""

    def work(statements: Statements) -> Hold | None:
        held = _lock(statements, ledger, environment)
        return held if held and holds.end(statements, held.id, by, ledger.now(statements)) else None

    return ledger.write(work)


def silence(ledger: Ledger, environment: str, owner: str, reason: str, seconds: float, name: str = "") -> Hold:
    """Notes that alerts of an environment are silent. `name` is what Alertmanager calls it, where that keeps it."""

    def work(statements: Statements) -> Hold:
        return _put(statements, SILENCE, environment, owner, reason, ledger.now(statements), seconds, name)

    return ledger.write(work)


def silences(ledger: Ledger, environment: str) -> list[Hold]:
    """Those in force, the oldest first."""
    return ledger.read(lambda statements: holds.in_force(statements, SILENCE, environment, ledger.now(statements)))


def silenced(ledger: Ledger, environment: str) -> Hold | None:
    """The silence that lasts longest, None where alerts of the environment are to be heard."""
    return max(silences(ledger, environment), key=lambda hold: hold.until, default=None)


def ended(ledger: Ledger, environment: str) -> list[Hold]:
    """Those whose end nobody has announced yet. `announced` says that one is."""
    return ledger.read(lambda statements: holds.over(statements, environment, ledger.now(statements)))


def announced(ledger: Ledger, hold: Hold) -> bool:
    """Takes over the announcement of an end; False when another process has done so."""
    return ledger.write(lambda statements: holds.announce(statements, hold.id))


def until(hold: Hold) -> str:
    """Its end as people read it."""
    return datetime.fromtimestamp(hold.until, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _lock(statements: Statements, ledger: Ledger, environment: str) -> Hold | None:
    found = holds.in_force(statements, LOCK, environment, ledger.now(statements))
    return found[-1] if found else None


def _put(
    statements: Statements,
    kind: str,
    environment: str,
    owner: str,
    reason: str,
    now: float,
    seconds: float,
    name: str = "",
) -> Hold:
    holds.forget(statements, now - KEEP)
    hold = Hold(name or secrets.token_hex(8), kind, environment, owner, reason, now, now + seconds)
    holds.put(statements, hold)
    return hold


def _refused(held: Hold) -> Refused:
    why = f": {held.reason}" if held.reason else ""
    what = f"{held.subject} is locked against deployments by {held.owner} until {until(held)}{why}"
    how = f'wait, or: moor chat run "/deploy unlock in {held.subject}"; a rollback goes out all the same'
    return Refused(Reason.LOCKED, what, how)
