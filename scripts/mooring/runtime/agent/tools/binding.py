"""What a tool is bound to: anything that answers a call with a JSON value, or fails with words for the agent."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Call:
    """One try of a call. `key` is the same for every try of it; `largest` bounds the result, in bytes of JSON."""

    run: str
    key: str
    arguments: Mapping[str, Any]
    largest: int


class CallFailed(Exception):
    """A call failed, and the same call would fail again; the text is for the agent to read."""


class Unavailable(CallFailed):
    """What the tool is bound to is ill: worth another try, and counted by the breaker.

    `retry_after` is what it asked for, in seconds, 0 for nothing.
    """

    def __init__(self, text: str, retry_after: float = 0.0) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class TooSlow(CallFailed):
    """A try took the whole time that it had. `ill` when that was the tool's own limit, not the rest of a deadline."""

    def __init__(self, text: str, ill: bool) -> None:
        super().__init__(text)
        self.ill = ill


def too_large(call: Call) -> CallFailed:
    """The result was larger than the call's limit, and no more of it was read."""
    return CallFailed(f"the result is larger than {call.largest} bytes; ask for less")


class Binding(Protocol):
    """A tool's way out. Cancelling `answer` ends the work behind it where that can be done."""

    async def answer(self, call: Call) -> Any:
        """The JSON value that the tool returns, as it came. Raises CallFailed."""
        ...


def fill(template: str, arguments: Mapping[str, Any]) -> str:
    """`template` with `{name}` replaced by URL-quoted arguments. Raises CallFailed when one is missing."""

    def value(place: re.Match[str]) -> str:
        if place[1] not in arguments:
            raise CallFailed(f"the argument {place[1]!r} is missing")
        return quote(plain(arguments[place[1]]), safe="")

    return PLACE.sub(value, template)


def plain(value: Any) -> str:
    """An argument as text: text as it is, everything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value)
