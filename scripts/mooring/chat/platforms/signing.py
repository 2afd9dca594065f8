"""What verifying has in common: equal in constant time, fresh, not too long, and one JSON object."""

import hmac
import json
from collections.abc import Mapping
from typing import Any

from mooring.chat.said import Unverified

WINDOW = 300
"""Seconds that a signed request may be old, or ahead of our clock."""

LONGEST = 1 << 20
"""Bytes of a request; a comment of GitHub's has 65,536 characters and comes with its issue."""


def header(headers: Mapping[str, str], name: str) -> str:
    """A header that a signed request has. Raises Unverified."""
    if not (value := headers.get(name, "")):
        raise Unverified(f"the request has no {name}")
    return value


def short(body: bytes) -> None:
    """Raises Unverified for a body that is longer than any of a person's. Nothing is read of it."""
    if len(body) > LONGEST:
        raise Unverified(f"the request has more than {LONGEST >> 10} KiB")


def same(expected: str, given: str) -> None:
    """Compares signatures in constant time. Raises Unverified."""
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise Unverified("the signature is wrong: another secret signed it, or it was changed on its way")


def fresh(stamp: str, now: float) -> None:
    """Raises Unverified for a time, in seconds, that is not within WINDOW of ours."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise Unverified("the timestamp is no number of seconds")
    if abs(now - int(stamp)) > WINDOW:
        raise Unverified(f"the request is {abs(now - int(stamp)):.0f} s {'old' if now > int(stamp) else 'ahead'}")


def json_object(body: bytes | str) -> dict[str, Any]:
    """The object that a body is. Raises ValueError."""
    try:
        found = json.loads(body.decode() if isinstance(body, bytes) else body)
        # JSON can escape half a character, which nothing can write down
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise ValueError("the request is no JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise ValueError("the request is no JSON object")
    return found


def text(data: Any, *path: str | int) -> str:
    """The text at a place in an event. Raises ValueError where there is none."""
    found = part(data, *path)
    if not isinstance(found, str) or not found:
        raise ValueError(f"the event has no {'.'.join(map(str, path))}")
    return found


def optional(data: Any, *path: str | int) -> str:
    """The text at a place in an event; empty where there is none."""
    found = part(data, *path)
    return found if isinstance(found, str) else ""


def part(data: Any, *path: str | int) -> Any:
    """What is at a place in an event; None where there is no such place."""
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
