"""What arrives from a platform, once it is known to come from there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Caller:
    """Who speaks: `id` is what the platform vouches for, `shown` what people see and anybody may choose.

    The terminal's caller is the user of the machine. `permission` is what the platform's API says that they may do to
    the repository, from `read` to `admin`; empty where it was not asked, or where there is no such thing.
    """

    platform: str
    id: str
    shown: str = ""
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was said and is answered: the platform's channel, chat, or number of an issue, and a thread in it."""

    platform: str
    channel: str
    thread: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of text. `event` names it for ever, so that it is heard once however often it is delivered.

    `reply` is what the platform gave to answer with (a URL, a token, a message); it is JSON-able and no secret that
    outlives `until`, Unix time, 0 for ever.
    """

    event: str
    caller: Caller
    place: Place
    text: str
    reply: Mapping[str, Any] = field(default_factory=dict)
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Clicked:
    """A press on a button of an answer of ours: `token` is the button's, else as Said."""

    event: str
    caller: Caller
    place: Place
    token: str
    reply: Mapping[str, Any] = field(default_factory=dict)
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Challenge:
    """The platform asks whether this is the door that it was told of; `body` is the answer, JSON-able."""

    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ignored:
    """Something that is not for us: a bot's comment, an edited one, an event of another kind. `why` is for the log."""

    why: str


Received = Said | Clicked | Challenge | Ignored


class Unverified(Exception):
    """A request that nobody can have signed who knows the secret, or one that is too old; the message says which."""
