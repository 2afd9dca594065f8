"""What the ledger remembers of an environment beside its transitions: drift that was seen, healed or adopted."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from mooring.errors import Refused
from mooring.rollout import lease
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event, State

SEEN, HEALED, ADOPTED = "drift", "healed", "adopted"


@dataclass(frozen=True, slots=True)
class Noted(Event):
    """`what` was the case for `fields`; for drift these are all there are, so an empty list says that it is over."""

    what: str
    fields: tuple[str, ...] = ()


def note(ledger: Ledger, environment: str, actor: str, event: Noted) -> bool:
    """Appends a note; False while somebody else has the lease, when the next look will note it."""
    with suppress(Refused):
        held = lease.acquire(ledger, environment, actor, "note")
        try:
            newest = ledger.entries(1, environment)
            # What is live where stays the word of the machine that said it.
            machine, state = (newest[0].machine, State.read(newest[0].state)) if newest else ("", State())
            ledger.append(environment, held.token, actor, event, state, machine)
        finally:
            lease.release(ledger, held)
        return True
    return False


def notes(entries: Sequence[Entry], what: str) -> list[tuple[float, frozenset[str]]]:
    """(time, fields) of notes among the entries, which are the newest first."""
    return [
        (entry.at, frozenset(entry.event["fields"]))
        for entry in entries
        if entry.event["event"] == "noted" and entry.event["what"] == what
    ]
