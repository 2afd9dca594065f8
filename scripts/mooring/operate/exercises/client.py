"""A client of the copy: asks agents, starts runs, looks at them and at the health."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any
from urllib.parse import quote, urlsplit

PATIENCE_SECONDS = 60.0
"""How long an answer is waited for; the deadlines of profiles are longer only for those who do not wait."""


class Lost(Exception):
    """A request got no answer: its connection was refused or cut, or nothing came in time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `rung` and `slot` are what its headers say; `body` is its JSON, {} where it is none."""

    status: int
    rung: str
    slot: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str:
        """What the agent said; "" where it said nothing."""
        try:
            return str(self.body["choices"][0]["message"]["content"])
        except (LookupError, TypeError):
            return ""


class Client:
    """One connection, kept open between requests unless `close` asks for a new one each time."""

    def __init__(self, url: str, seconds: float = PATIENCE_SECONDS, close: bool = False) -> None:
        self._place, self._seconds, self._close = urlsplit(url).netloc, seconds, close
        self._connection: HTTPConnection | None = None

    def ask(self, agent: str, say: str) -> Reply:
        """What an agent answers. Raises Lost."""
        return self.send("POST", "/v1/chat/completions", {"model": agent, "messages": [_user(say)]})

    def start(self, agent: str, say: str, wait: bool = False, **more: str) -> Reply:
        """Begins a run; with `wait` the reply comes at its end. Raises Lost."""
        path = f"/agents/{quote(agent)}/runs{'?wait=true' if wait else ''}"
        return self.send("POST", path, {"message": say} | more)

    def run(self, run: str) -> dict[str, Any]:
        """A run as it stands. Raises Lost."""
        return dict(self.send("GET", f"/runs/{quote(run)}").body)

    def send(self, method: str, path: str, body: Any = None) -> Reply:
        """One exchange. Raises Lost."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._close:
            headers["connection"] = "close"
        try:
            if self._connection is None:
                self._connection = HTTPConnection(self._place, timeout=self._seconds)
            self._connection.request(method, path, content, headers)
            answer = self._connection.getresponse()
            data, ends = answer.read(), answer.will_close
        except (OSError, HTTPException) as error:
            self.close()
            raise Lost(str(error) or type(error).__name__) from None
        if ends:
            self.close()
        told = answer.headers
        return Reply(answer.status, told.get("x-mooring-rung", ""), told.get("x-mooring-slot", ""), _json(data))

    def close(self) -> None:
        """Ends the connection; the next request opens another one."""
        if self._connection is not None:
            self._connection.close()
        self._connection = None


def patiently(client: Client, run: str, seconds: float) -> dict[str, Any]:
    """A run once it has ended, or as it was last seen after so many seconds; {} when it could never be read."""
    end, seen = time.monotonic() + seconds, dict[str, Any]()
    while time.monotonic() < end:
        try:
            seen = client.run(run)
        except Lost:
            time.sleep(0.02)
            continue
        if seen.get("status") in ("done", "failed", "awaiting-approval"):
            break
        time.sleep(0.02)
    return seen


def _user(say: str) -> dict[str, str]:
    return {"role": "user", "content": say}


def _json(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
