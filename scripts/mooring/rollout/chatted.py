"""What was said by chat, in the ledger: in a chain beside that of the environment's rollouts.

So neither can a flood of chat hold up a deployment, nor does it lie between its steps; it is sealed like these.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile

from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Event

REFUSED, ASKED, CANCELLED, STARTED, DONE, FAILED = "refused", "asked", "cancelled", "started", "done", "failed"
"""Decisions: it was not allowed; a yes is waited for; somebody said no; a change begins; it is over; it is over and did
not work."""

UNPOSTED = "unposted"
"""Beside the decision about a command: its answer could not be posted; `code` says why."""


@dataclass(frozen=True, slots=True)
class Chatted(Event):
    """A command, and what was decided about it.

    `person` is the name that the Chat document gives, "" where it gives none; `caller` is the platform's id. `text` is
    the line, cut. `code` is why it was refused, or how it ended. `seconds` is how long it took. `times` counts refusals
    of a caller that were too many to be written one by one. `changes` says whether the command would change anything.
    `by` is who confirmed it.
    """

    person: str
    platform: str
    caller: str
    text: str
    decision: str
    code: str = ""
    seconds: float = 0.0
    times: int = 1
    changes: bool = False
    by: str = ""


def chain(environment: str) -> str:
    """The chain of what was said to an environment, whose name has no such sign."""
    return f"{environment}#chat"


def record(ledger: Ledger, environment: str, event: Chatted) -> Entry:
    """Appends to what was said to an environment. Raises Failed(STORAGE)."""
    return ledger.record(chain(environment), event.person or f"{event.caller}@{event.platform}", event)


def newest(ledger: Ledger, environment: str, since: float = 0.0) -> Iterator[Entry]:
    """What was said to an environment from a moment on, the newest first, read as far as it is asked for."""
    return takewhile(lambda entry: entry.at >= since, ledger.backward(chain(environment)))
