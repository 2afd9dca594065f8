"""One question to a running environment, the way any client would ask it: through the public socket."""

import json
import shlex
import urllib.request
from dataclasses import dataclass

from mooring.errors import Failed
from mooring.outcome import Reason

PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an agent said, and where it came from, as the headers tell."""

    text: str
    release: str
    rung: str
    slot: str
    simulated: bool


def ask(url: str, agent: str, message: str, timeout: float = 60) -> Answer:
    """Failed(PROBE_FAILED) when there is no answer within `timeout` seconds."""
    request = urllib.request.Request(url + PATH, _body(agent, message), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=timeout) as reply:  # noqa: S310 - the address is our own
            head, body = reply.headers, json.load(reply)
        text = body["choices"][0]["message"]["content"]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise Failed(Reason.PROBE_FAILED, f"{agent} at {url} does not answer: {error}", "moor logs ENV") from None
    simulated = head.get("x-mooring-simulated") == "true"
    found = (head.get(f"x-mooring-{name}", "") for name in ("release", "rung", "slot"))
    return Answer(str(text), *found, simulated=simulated)


def curl(url: str, agent: str, message: str) -> str:
    """The same question as a line for a shell."""
    body = shlex.quote(_body(agent, message).decode())
    return f"curl -s {url}{PATH} -H 'content-type: application/json' -d {body}"


def _body(agent: str, message: str) -> bytes:
    said = {"model": agent, "messages": [{"role": "user", "content": message}]}
    return json.dumps(said, ensure_ascii=False).encode()
