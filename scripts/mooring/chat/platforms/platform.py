"""What an adapter owes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from mooring.chat.answer import Answer
from mooring.chat.said import Caller, Clicked, Place, Received, Said


@dataclass(frozen=True, slots=True)
class Incoming:
    """A POST as it came: the signature is over `body`. Names of headers are in lower case."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Posted:
    """A message of ours that can be edited: JSON-able facts of the platform, and how often it may still be edited."""

    handle: Mapping[str, Any] = field(default_factory=dict)
    edits: int | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the request itself is answered with, within the platform's deadline; `body` is JSON-able, None for none.

    `posted` is the answer where the reply shows it; None where it does not, and `answer` is still to be called.
    """

    status: int = 200
    body: Any = None
    posted: Posted | None = None


@dataclass(frozen=True, slots=True)
class Missed:
    """What was said and perhaps never delivered, and when it was said (Unix time)."""

    at: float
    said: Said


class Unsent(Exception):
    """The platform did not take a message; the message says why, without any secret."""


class Adapter(Protocol):
    """Of one platform. `receive` and `acknowledge` do no I/O and are quick; the others may wait for the network."""

    @property
    def name(self) -> str: ...

    @property
    def deadline(self) -> float:
        """Seconds in which the platform wants its request answered."""

    def receive(self, incoming: Incoming, now: float) -> Received:
        """Raises Unverified; ValueError where it is signed and cannot be read."""

    def acknowledge(self, received: Said | Clicked, answer: Answer | None) -> Reply:
        """The reply that says it was heard; `answer` where it is ready at once, None when it follows by `answer`."""

    def challenge(self, body: Mapping[str, Any]) -> Reply:
        """The reply to a Challenge."""

    async def vouch(self, caller: Caller) -> Caller:
        """The caller with the permission that the platform's API says they have now; as it is where there is none.

        Raises Unsent when that cannot be known, so that nobody is let in by an outage.
        """

    async def answer(self, received: Said | Clicked, answer: Answer, before: Posted | None) -> Posted:
        """Answers what was received: writes a message, or edits the one that `before` names. Raises Unsent."""

    async def post(self, place: Place, answer: Answer) -> Posted:
        """Writes a message by itself, as alerts are. Raises Unsent."""

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        """Puts another answer in a message's place; writes a new one where it cannot be edited any more. Unsent."""

    async def close(self) -> None:
        """Closes its connections. It opens new ones when it is used again."""
