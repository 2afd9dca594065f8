"""Asks GitHub about one thing after another, and asks no more once it cannot be reached."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2

from mooring.catalog.secrets import masked
from mooring.errors import Failed
from mooring.operate.repository.github import GitHub, Pause, answer, persistently
from mooring.outcome import Reason

READ, WRITE = "Administration: read", "Administration: read and write"
"""Permissions of a fine-grained token, as its page names them."""

Done = TypeVar("Done")

_FORBIDDEN = frozenset({401, 403, 404})
_REFUSED = _FORBIDDEN | {409, 422}
_LONGEST = 200
"""Characters of GitHub's own words that are repeated."""


@dataclass
class Asking:
    """`down` is why GitHub cannot be reached, "" as long as it can: nobody waits for each question in turn.

    `clock_off` is how many seconds this machine's clock is ahead of GitHub's; None until it is known.
    """

    github: GitHub
    pause: Pause = time.sleep
    down: str = ""
    repository: dict[str, Any] = field(default_factory=dict)
    clock_off: float | None = None

    def ask(self, work: Callable[[httpx2.Client], Done]) -> Done:
        """The result of `work`, which is repeated from its beginning. Failed(PROCESS)."""
        if self.down:
            raise Failed(Reason.PROCESS, self.down)
        refused: list[Failed] = []

        def tried(client: httpx2.Client) -> Done:
            try:
                return work(client)
            except Failed as error:
                refused.append(error)
                raise

        try:
            return persistently(self.github, tried, self.pause)
        except Failed as error:
            if not refused:
                self.down = str(error)
            raise

    def about(self) -> dict[str, Any]:
        """What GitHub says of the repository itself; asked once. Failed(PROCESS)."""
        if not self.repository:
            self.repository = self.ask(self._about)
        return self.repository

    def _about(self, client: httpx2.Client) -> dict[str, Any]:
        response = client.get(self.github.address)
        answered: dict[str, Any] = said(response, "Metadata: read")
        if date := response.headers.get("date"):
            self.clock_off = time.time() - parsedate_to_datetime(date).timestamp()
        return answered


def said(response: httpx2.Response, permission: str = READ) -> Any:
    """The JSON of an answer. Failed(PROCESS) with GitHub's reason, and the permission that the token may lack."""
    if response.status_code not in _REFUSED:
        return answer(response, permission)
    try:
        return answer(response, permission)
    except Failed as error:
        why = _reason(response)
        message = f"{error}, {why}" if why else str(error)
        raise Failed(error.reason, message, _fix(response.status_code, why, permission)) from None


def _reason(response: httpx2.Response) -> str:
    """GitHub's own words, which may repeat what was sent."""
    try:
        return masked(str(response.json()["message"]))[:_LONGEST]
    except (KeyError, TypeError, ValueError):
        return ""


def _fix(status: int, why: str, permission: str) -> str:
    if "upgrade" in why.lower():
        return "take a plan of GitHub that offers it, or make the repository public; without it nothing is protected"
    return f"give the token the permission {permission}" if status in _FORBIDDEN else ""


def found(response: httpx2.Response, permission: str = READ) -> Any:
    """The same, and None for what is not there."""
    return None if response.status_code == httpx2.codes.NOT_FOUND else said(response, permission)


def listed(client: httpx2.Client, path: str, key: str, permission: str = READ) -> list[Any]:
    """Every entry of a listing that is an object with a number and a list."""
    entries: list[Any] = []
    page, total = 1, 1
    while len(entries) < total:
        answered = said(client.get(path, params={"per_page": 100, "page": page}), permission)
        if not answered[key]:
            break
        entries += answered[key]
        page, total = page + 1, int(answered["total_count"])
    return entries


def part(name: str) -> str:
    """A name as one part of a path."""
    return quote(name, safe="")
