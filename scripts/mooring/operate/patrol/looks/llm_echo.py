"""Whether models answer: each is asked for one word, at the endpoint that agents call."""

import re
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any

import httpx2

from mooring.operate.patrol.looks.http import where
from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.runtime.watch.health.dependencies import api
from mooring.spec.model import Model
from mooring.spec.patrol import LlmEcho

SAY = "Reply with the one word: pong"
TOKENS = 64
"""Of an answer. A model that thinks first may need them all, which is an answer too."""

STATUSES = {401: "refuses the key", 403: "refuses the key", 404: "does not know the model", 429: "limits our calls"}
_CODE = re.compile(r"[a-z][a-z_]{2,40}")


def looks(check: LlmEcho, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    known = surroundings.content.models
    for name in check.models or sorted(known):
        yield name, partial(echo, name, known.get(name), surroundings)


async def echo(name: str, model: Model | None, surroundings: Surroundings) -> Found:
    """Asks a model. Raises Trouble and NotMade."""
    if model is None:
        raise NotMade(f"no agent of the environment uses the model {name!r}; correct the check")
    simulated = surroundings.content.environment.simulates(model.provider)
    if simulated and surroundings.simulator is None:
        raise Trouble(f"the simulator does not run; moor up {surroundings.environment}")
    secret = surroundings.secret(model.secret_ref) if model.secret_ref and not simulated else None
    url, headers = api(model, surroundings.simulator if simulated else None, secret)
    chat = simulated or model.api_type == "openai-chat"
    url, body = (f"{url}/chat/completions", _chat(model)) if chat else (f"{url}/messages", _messages(model))
    answer = await _answer(url, headers, body, surroundings.http(url))
    if not (_said(answer) if chat else _written(answer)):
        raise Trouble(f"{where(url)} gives an empty answer")
    return Found("simulated" if simulated else "")


async def _answer(url: str, headers: dict[str, str], body: dict[str, Any], client: httpx2.AsyncClient) -> Any:
    try:
        response = await client.post(url, headers=headers, json=body)
    except httpx2.HTTPError as error:
        raise Trouble(reason(error, where(url))) from error
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not response.is_success:
        said = STATUSES.get(response.status_code, "fails")
        raise Trouble(f"{where(url)} {said} (HTTP {response.status_code}{_code(answer)})")
    if not isinstance(answer, dict):
        raise Trouble(f"{where(url)} does not answer in JSON")
    return answer


def _code(answer: Any) -> str:
    """The code of an error, and never its text: vendors repeat parts of keys in it."""
    error = answer.get("error") if isinstance(answer, dict) else None
    found = (error.get("code") or error.get("type")) if isinstance(error, dict) else None
    return f", {found}" if isinstance(found, str) and _CODE.fullmatch(found) else ""


def _chat(model: Model) -> dict[str, Any]:
    """https://platform.openai.com/docs/api-reference/chat/create"""
    return {"model": model.id, "messages": [{"role": "user", "content": SAY}], "max_completion_tokens": TOKENS}


def _said(answer: dict[str, Any]) -> bool:
    choices = answer.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return False
    message = choice.get("message")
    return choice.get("finish_reason") == "length" or bool(isinstance(message, dict) and message.get("content"))


def _messages(model: Model) -> dict[str, Any]:
    """https://docs.anthropic.com/en/api/messages"""
    return {"model": model.id, "messages": [{"role": "user", "content": SAY}], "max_tokens": TOKENS}


def _written(answer: dict[str, Any]) -> bool:
    blocks = answer.get("content")
    texts = (block.get("text") for block in blocks if isinstance(block, dict)) if isinstance(blocks, list) else ()
    return answer.get("stop_reason") == "max_tokens" or any(texts)
