"""The public door of an environment as a client with a conversation sees it."""

import json
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from socket import gaierror
from typing import Any
from urllib.parse import quote

from mooring.commands.ask import connect
from mooring.errors import Failed
from mooring.outcome import Reason

CHAT = "/v1/chat/completions"

SILENCE_SECONDS = 600.0
"""How long nothing may come before the connection counts as lost; profiles have shorter deadlines."""

FIXES = {
    "approval_forbidden": "take an approver's key: moor keys create ENV NAME --role approver",
    "approval_unauthorized": "set MOORING_APPROVAL_KEY",
    "conversation_busy": "wait for the other turn, or talk with --new",
    "conversation_full": "talk with --new",
    "conversation_of_another_agent": "talk with --new, or name another --conversation",
    "invalid_api_key": "set MOORING_KEY; moor keys create ENV NAME makes one",
    "too_many_requests": "try again in a moment",
}
"""What to do about an error of the server, by its code."""


@dataclass(frozen=True)
class Ended:
    """How an answer ended: the facts of its last chunk, and what the headers said."""

    facts: Mapping[str, Any]
    simulated: bool
    seconds: float


Event = str | dict[str, Any] | Ended
"""A piece of text, what is told of a call of a tool, or the end."""


@dataclass(frozen=True)
class Door:
    """Where an environment serves. The keys are sent as bearer tokens and never shown.

    `certificate` is the file of the server's own where it speaks TLS, `user` whom questions are for.
    """

    url: str
    environment: str
    key: str | None = field(default=None, repr=False)
    approval_key: str | None = field(default=None, repr=False)
    certificate: str = ""
    user: str | None = None

    def ask(self, agent: str, conversation: str, message: str) -> Generator[Event]:
        """What comes, as it comes. To stop reading ends the run. Failed(PROBE_FAILED) with the server's reason."""
        body = {
            "model": agent,
            "messages": [{"role": "user", "content": message}],
            "metadata": {"conversation": conversation},
            "stream": True,
            "stream_options": {"include_tools": True},
            "user": self.user,
        }
        started = time.monotonic()
        with self._sent("POST", CHAT, body, self.key) as reply:
            simulated, facts = reply.headers.get("x-mooring-simulated") == "true", None
            for chunk in _chunks(reply):
                if error := chunk.get("error"):
                    raise self._failed(error)
                told = chunk.get("mooring") or {}
                if tool := told.get("tool"):
                    yield tool
                elif told:
                    facts = told
                for choice in chunk["choices"]:
                    if text := choice["delta"].get("content"):
                        yield text
            if facts is None:
                raise Failed(Reason.PROBE_FAILED, "the answer broke off", f"moor logs {self.environment}")
            yield Ended(facts, simulated or facts.get("simulated") is True, time.monotonic() - started)

    def decide(self, run: str, approved: bool) -> dict[str, Any]:
        """The run once it has gone on after a person's decision."""
        path = f"/runs/{quote(run)}/{'approve' if approved else 'deny'}?wait=true"
        with self._sent("POST", path, {}, self.approval_key or self.key) as reply:
            return dict(json.load(reply))

    def conversation(self, name: str, turns: int = 1) -> dict[str, Any] | None:
        """The server's memory of a conversation, its newest turns; None when it has none."""
        try:
            with self._sent("GET", f"/conversations/{quote(name)}?turns={turns}", None, self.key) as reply:
                return dict(json.load(reply))
        except _Missing:
            return None

    @contextmanager
    def _sent(self, method: str, path: str, body: Any, key: str | None) -> Iterator[HTTPResponse]:
        connection = connect(self.url, SILENCE_SECONDS, self.certificate)
        headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {key}"} if key else {})
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        try:
            connection.request(method, path, content, headers)
            reply = connection.getresponse()
            if reply.status >= 400:
                raise self._refusal(reply)
            yield reply
        except ConnectionRefusedError:
            name = self.environment
            raise Failed(Reason.NOT_RUNNING, f"{name} is not listening at {self.url}", f"moor up {name}") from None
        except gaierror:
            why = f"this machine knows no address of {self.url}"
            raise Failed(
                Reason.PROBE_FAILED, why, "--url with one that it knows, as kubectl port-forward makes"
            ) from None
        except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError) as error:
            why = f"{self.url} gives no answer that can be read: {str(error) or type(error).__name__}"
            raise Failed(Reason.PROBE_FAILED, why, f"moor logs {self.environment}") from None
        finally:
            connection.close()

    def _refusal(self, reply: HTTPResponse) -> Failed:
        error = json.load(reply)["error"]
        if error.get("code") == "conversation_not_found":
            return _Missing(Reason.PROBE_FAILED, str(error["message"]))
        return self._failed(error, reply.status)

    def _failed(self, error: Mapping[str, Any], status: int = 500) -> Failed:
        code = str(error.get("code") or "error")
        fix = FIXES.get(code) or {
            401: "name the variable that holds a key: --key-env NAME",
            403: "name the variable that holds another key: --key-env NAME",
            404: f"moor status {self.environment}",
        }.get(status, f"moor logs {self.environment}" if status >= 500 else "")
        return Failed(Reason.PROBE_FAILED, f"{code}: {error.get('message')}", fix)


class _Missing(Failed):
    """There is no such conversation."""


def _chunks(reply: HTTPResponse) -> Iterator[dict[str, Any]]:
    """The JSON objects of a stream of events, up to its `[DONE]`."""
    for line in reply:
        text = line.decode().strip()
        if not text.startswith("data:"):
            continue
        data = text.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        yield json.loads(data)
