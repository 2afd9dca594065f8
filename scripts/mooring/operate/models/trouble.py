"""Why a model did not answer, in one line with what to do. Nothing that an endpoint wrote is repeated but its code:
vendors put parts of keys into what they write."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx2
from pydantic_ai.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelQuotaExceededError,
    ModelRequestTimeout,
    ModelTimeoutError,
    UnexpectedModelBehavior,
)

from mooring.operate.patrol.reasons import reason
from mooring.runtime.agent.model_errors import EmptyAnswer, MalformedCall, Unfit
from mooring.spec import Model

_CODE = re.compile(r"[a-z][a-z0-9_.-]{2,40}")
_TOO_LONG = frozenset({"context_length_exceeded", "exceed_context_size_error"})
_USED_UP = frozenset({"insufficient_quota", "billing_error"})
_WORDS = {
    "text": "does not answer a plain question",
    "tools": "does not take tools",
    "stream": "does not stream",
    "json": "does not answer a question for JSON",
}


def no_key(variable: str, environment: str) -> str:
    """A key that is not set here."""
    return f"{variable} is not set: export it here, and where the runner and the supervisor of {environment} start"


def trouble(error: BaseException, model: Model, way: str, limit: float) -> str:
    """The line about an error that came of asking one way; `limit` are the seconds of the rung."""
    place = urlsplit(model.base_url).netloc
    match error:
        case ModelContextWindowExceededError():
            return _too_long(model)
        case ModelQuotaExceededError():
            return _used_up(error, place)
        case ModelHTTPError():
            return _by_status(error, model, way, place)
        case ModelRequestTimeout() | ModelTimeoutError() | TimeoutError():
            return f"{place} does not answer within {limit:g} s, which is all that its rung has"
        case ModelConnectionError() | httpx2.HTTPError():
            return _cut(way, place) if _broke_off(error) else reason(error, place)
        case UnexpectedModelBehavior():
            return _cut(way, place) if _broke_off(error) else _unusable(error, model, place)
        case ModelAPIError():
            return f"{place} fails in the middle of an answer{_said(error)}"
    return f"{place} cannot be asked ({type(error).__name__})"


def stops_all(error: BaseException) -> bool:
    """Whether the next way would fail alike: a refused key, an unknown model, no connection, no time."""
    if isinstance(error, ModelHTTPError):
        return error.status_code in (401, 403, 404, 429) or error.status_code >= 500
    return isinstance(error, ModelConnectionError | ModelRequestTimeout | TimeoutError) and not _broke_off(error)


def _by_status(error: ModelHTTPError, model: Model, way: str, place: str) -> str:
    status = f"HTTP {error.status_code}{_said(error, ', {}')}"
    if _code(error) in _TOO_LONG:
        return _too_long(model)
    match error.status_code:
        case 401 | 403 if model.key_variable:
            return f"{place} refuses the key in {model.key_variable} ({status}); set the right one"
        case 401 | 403:
            return f"{place} wants a key ({status}); name its variable as secretRef of model {model.name}"
        case 404:
            where = f"configs/models/{model.name}.yaml"
            return f"{place} does not know the model {model.id!r} ({status}); correct id or baseUrl in {where}"
        case 429 if _code(error) in _USED_UP:
            return _used_up(error, place)
        case 429:
            return f"{place} limits our calls ({status}); ask again in a moment"
        case 400 | 405 | 413 | 415 | 422 | 501:
            return f"{place} {_WORDS[way]} ({status})"
    return f"{place} fails ({status})"


def _used_up(error: ModelAPIError, place: str) -> str:
    return f"{place} says that our quota is used up{_said(error)}; raise it there"


def _too_long(model: Model) -> str:
    return f"a question of a line is too long for it: its context is far below contextWindow {model.context_window:,}"


def _said(error: ModelAPIError, form: str = " ({})") -> str:
    code = _code(error)
    return form.format(code) if code else ""


def _code(error: ModelAPIError) -> str:
    """The code of an error, and never its text."""
    body: Any = error.body
    inner = body.get("error", body) if isinstance(body, Mapping) else None
    found = (inner.get("code") or inner.get("type")) if isinstance(inner, Mapping) else None
    return found if isinstance(found, str) and _CODE.fullmatch(found) else ""


def _broke_off(error: BaseException | None) -> bool:
    """Whether a connection ended in the middle of an answer."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if isinstance(error, httpx2.RemoteProtocolError | httpx2.ReadError):
            return True
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return False


def _cut(way: str, place: str) -> str:
    return f"{place} breaks off {'a stream' if way == 'stream' else 'in the middle of an answer'}"


def _unusable(error: UnexpectedModelBehavior, model: Model, place: str) -> str:
    """Our own words for an answer that cannot be used; those of libraries may quote it."""
    if isinstance(error, EmptyAnswer | MalformedCall | Unfit):
        return f"{place} answers, and it cannot be used: {error}"
    return f"{place} does not answer as an {model.api_type} endpoint does; correct apiType or baseUrl"
