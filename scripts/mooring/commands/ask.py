"""Asks a running environment one question as any client would: through its public socket."""

import json
import shlex
import ssl
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mooring.errors import Failed
from mooring.outcome import Reason

if TYPE_CHECKING:
    from mooring.spec.environment import Environment

PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Answer:
    """An agent's reply, and which model, rung and slot gave it according to the headers."""

    text: str
    release: str
    rung: str
    slot: str
    simulated: bool


def ask(url: str, agent: str, message: str, timeout: float = 60, certificate: str = "") -> Answer:
    """Failed(PROBE_FAILED) when there is no answer within `timeout` seconds.

    `certificate` is the file of the server's own, which is asked at its address here and not by its name.
    """
    connection = connect(url, timeout, certificate)
    try:
        connection.request("POST", PATH, _body(agent, message), {"content-type": "application/json"})
        reply = connection.getresponse()
        head, body = reply.headers, json.load(reply)
        text = body["choices"][0]["message"]["content"]
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise Failed(Reason.PROBE_FAILED, f"{agent} at {url} does not answer: {error}", "moor logs ENV") from None
    finally:
        connection.close()
    release, rung, slot, simulated = (
        head.get(f"x-mooring-{name}", "") for name in ("release", "rung", "slot", "simulated")
    )
    return Answer(str(text), release, rung, slot, simulated == "true")


def connect(url: str, timeout: float, certificate: str = "") -> HTTPConnection:
    """A connection to an environment's address; with TLS, to whoever has its own `certificate` where it names one."""
    place = urlsplit(url)
    if place.scheme != "https":
        return HTTPConnection(place.netloc, timeout=timeout)
    context = ssl.create_default_context(cafile=certificate or None)
    context.check_hostname = not certificate  # which is for callers' names, and not for this machine's
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN
    return HTTPSConnection(place.netloc, timeout=timeout, context=context)


def certificate_of(environment: "Environment") -> str:
    """The file of an environment's certificate; "" without TLS."""
    tls = environment.serving.tls
    return tls.certificate.removeprefix("file:") if tls else ""


def curl(url: str, agent: str, message: str, key: bool = False) -> str:
    """The same question as a line for a shell, which takes the `key` from the variable MOORING_KEY."""
    body = shlex.quote(_body(agent, message).decode())
    bearer = '-H "authorization: Bearer $MOORING_KEY" ' if key else ""
    return f"curl -s {url}{PATH} {bearer}-H 'content-type: application/json' -d {body}"


def _body(agent: str, message: str) -> bytes:
    said = {"model": agent, "messages": [{"role": "user", "content": message}]}
    return json.dumps(said, ensure_ascii=False).encode()
