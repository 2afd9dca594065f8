"""Keeps one issue for what a job finds: opens it, updates it in place, and closes it when that is over.

https://docs.github.com/en/rest/issues/issues
"""

import re
import time
from dataclasses import dataclass
from typing import Any

import httpx2

from mooring.operate.repository.github import GitHub, Pause, answer, pages, persistently

PERMISSION = "issues: write"


@dataclass(frozen=True)
class Told:
    """The issue, None where there is none and none is needed, and what was done about it."""

    number: int | None
    said: str


def keep(github: GitHub, title: str, body: str, pause: Pause = time.sleep) -> Told:
    """The one open issue whose body begins with the first line of `body`, a marker; it has this body now.

    Two jobs at once end up with the older one of two issues. Failed(PROCESS).
    """
    mark = _mark(body)

    def put(client: httpx2.Client) -> Told:
        made = None
        if not (open_ones := _open(client, github, mark)):
            made = int(answer(client.post("/issues", json={"title": title, "body": body}), PERMISSION)["number"])
            # Another job may have looked before this one wrote.
            open_ones = _open(client, github, mark) or [{"number": made, "body": body}]
        first, *others = open_ones
        number = int(first["number"])
        for other in others:
            _patch(client, int(other["number"]), f"{mark}\nThe same as #{number}.\n", "not_planned")
        if number == made:
            return Told(number, f"opened #{number}")
        _patch(client, number, body)
        return Told(number, f"updated #{number}")

    return persistently(github, put, pause)


def close(github: GitHub, body: str, pause: Pause = time.sleep) -> Told:
    """Closes the open issues whose body begins with the first line of `body`, which says what is well. Failed(PROCESS).

    An issue is closed and told why in one request, so two jobs at once do no more than one.
    """
    mark = _mark(body)

    def shut(client: httpx2.Client) -> Told:
        numbers = [int(issue["number"]) for issue in _open(client, github, mark)]
        for number in numbers:
            _patch(client, number, body, "completed")
        if not numbers:
            return Told(None, "no issue is open, and none is needed")
        return Told(numbers[0], f"closed #{', #'.join(map(str, numbers))}")

    return persistently(github, shut, pause)


def _mark(body: str) -> str:
    mark = body.split("\n", 1)[0]
    if not re.fullmatch(r"<!-- .+ -->", mark):
        raise ValueError("the first line of an issue must be its marker")
    return mark


def _open(client: httpx2.Client, github: GitHub, mark: str) -> list[Any]:
    """Open issues of ours with this marker, the oldest first. A marker that somebody else quotes is not ours."""
    found = [
        issue
        for issue in pages(client, "/issues", PERMISSION, state="open")
        if "pull_request" not in issue
        and issue["user"]["login"] == github.author
        and (issue["body"] or "").split("\n", 1)[0].rstrip() == mark
    ]
    return sorted(found, key=lambda issue: int(issue["number"]))


def _patch(client: httpx2.Client, number: int, body: str, closed: str = "") -> None:
    state = {"state": "closed", "state_reason": closed} if closed else {}
    answer(client.patch(f"/issues/{number}", json={"body": body} | state), PERMISSION)
