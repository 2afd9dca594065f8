"""What commands do about models that this machine serves: set them up before anything starts, and ask one."""

import json
import sys
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mooring.errors import Failed, UsageError
from mooring.outcome import Reason
from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.commands.workspace import Workspace
    from mooring.release.content import ReleaseContent as Content
    from mooring.spec import Model

SAY = "What is the capital of France?"
SYSTEM = "You answer in one short sentence."
PATIENCE = 60.0
"""Seconds to wait for an answer."""


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of a model itself, and how quick it was; `tokens_per_second` without the time of the prompt if the
    server says so."""

    model: str
    say: str
    text: str
    seconds: float
    tokens_per_second: float


def served_here(content: "Content") -> list["Model"]:
    """The models of a release that its machine serves."""
    simulates = content.environment.simulates
    return [model for model in content.models.values() if model.weights and not simulates(model.provider)]


def set_up(content: "Content") -> None:
    """Makes the environment of the engine where a model needs it and nobody serves it yet. Failed(PROCESS)."""
    if any(not _listening(model) for model in served_here(content)):
        from mooring.local_model.environment import python

        python(progress=sys.stderr)


def environment_with(workspace: "Workspace") -> str:
    """The one development environment whose models this machine serves. UsageError unless there is exactly one."""
    from mooring.catalog.load import load_valid
    from mooring.catalog.source import WorkTree
    from mooring.release.resolve import resolve
    from mooring.spec import Environment

    catalog = load_valid(WorkTree(workspace.root))
    development = (name for name, one in catalog.all(Environment).items() if one.tier == "development")
    found = [name for name in sorted(development) if served_here(resolve(catalog, name).content)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{', '.join(found)} call a local model", f"moor up {found[0]}")
    said = "no development environment calls a model whose document names `weights`"
    raise UsageError(said, "write one as configs/environments/local-model.yaml of the template does")


def wait(content: "Content") -> None:
    """Returns when every model that this machine serves has loaded. Failed(PROBE_FAILED) after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    for model in served_here(content):
        while not _loaded(model):
            if time.monotonic() > end:
                raise Failed(Reason.PROBE_FAILED, f"{model.name} does not load", "moor logs ENV model")
            time.sleep(0.1)


def ask(model: "Model") -> Told:
    """What a model says by itself, without an agent around it. Failed(PROBE_FAILED)."""
    place = urlsplit(model.base_url)
    messages = [{"role": "system", "content": SYSTEM}, {"role": "user", "content": SAY}]
    body = {"model": model.id, "messages": messages, "temperature": 0, "max_tokens": 48}
    connection = HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    started = time.monotonic()
    try:
        connection.request(
            "POST", f"{place.path}/chat/completions", json.dumps(body), {"content-type": "application/json"}
        )
        answer = json.load(connection.getresponse())
        text = str(answer["choices"][0]["message"]["content"]).strip()
        seconds = time.monotonic() - started
        rate = float(answer.get("timings", {}).get("predicted_per_second", 0))
        rate = rate or answer["usage"]["completion_tokens"] / seconds
    except (OSError, HTTPException, ValueError, LookupError, TypeError) as error:
        raise Failed(Reason.PROBE_FAILED, f"{model.name} does not answer: {error}", "moor logs ENV model") from None
    finally:
        connection.close()
    return Told(model.name, SAY, text, round(seconds, 2), round(rate, 1))


def show(content: "Content", console: Console) -> dict[str, Any]:
    """Asks the first model that this machine serves, and prints what it says; {} where there is none."""
    for model in served_here(content):
        told = ask(model)
        console.line()
        about = f"{told.seconds:.1f} s, {told.tokens_per_second:.0f} tokens a second"
        console.line(f"{told.model} (a real model at {model.base_url}; {about}) answers {told.say!r}:", "dim")
        console.line(told.text, "cyan")
        return {"model": asdict(told)}
    return {}


def _loaded(model: "Model") -> bool:
    place = urlsplit(model.base_url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=2)
    try:
        connection.request("GET", f"{place.path}/models")
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _listening(model: "Model") -> bool:
    place = urlsplit(model.base_url)
    connection = HTTPConnection(place.hostname or "", place.port, timeout=1)
    try:
        connection.connect()
    except OSError:
        return False
    finally:
        connection.close()
    return True
