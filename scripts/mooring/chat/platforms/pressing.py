"""Where the answer to a press on a button is shown: in the message's place, beside it, or to whoever pressed alone."""

from mooring.chat.answer import Answer, Stage
from mooring.chat.codes import Code
from mooring.chat.said import Clicked, Said

SAY = "say."
"""How the token of a button begins that says a command."""

OVER = frozenset({Code.CANCELLED, Code.EXPIRED, Code.ANSWERED, Code.OUTDATED, Code.UNKNOWN_QUESTION})
"""Refusals after which nobody has any use for the question's buttons."""


def private(received: Said | Clicked, answer: Answer) -> bool:
    """Whether a question stays open for others, since it was refused to this one: its message stays as it is."""
    return isinstance(received, Clicked) and answer.stage is Stage.REFUSED and answer.code not in OVER


def beside(received: Said | Clicked) -> bool:
    """Whether the button is one that says a command, as an alert's are: the alert stays, and the answer follows it."""
    return isinstance(received, Clicked) and received.token.startswith(SAY)
