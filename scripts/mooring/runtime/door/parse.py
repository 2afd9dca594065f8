"""Request bodies: read within limits, parsed as strict JSON, and refused with the field at fault."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from mooring.runtime.core.problems import Problem

SIZE_LIMIT = 1024 * 1024
"""Bytes of a request's body."""

DEPTH = 200
"""Arrays and objects within each other that a body may have; it is the parser's own limit."""

READ_SECONDS = 10.0
"""Seconds after which a client that still sends its body is disconnected."""

_SHOWN = 40

Body = TypeVar("Body", bound=BaseModel)


async def parse(request: Request, kind: type[Body], empty: bytes | None = None) -> Body:
    """The body as a model; `empty` stands for a body that is not there. `sent` has it afterwards. Raises Problem."""
    data = await read(request)
    if data or empty is None:
        _check_type(request)
    try:
        text = (data or empty or b"").decode()
    except UnicodeDecodeError as error:
        raise Problem("invalid_utf8", f"the body is not UTF-8 at byte {error.start}") from error
    try:
        body = kind.model_validate_json(text)
    except ValidationError as error:
        raise _unsound(error, text) from error
    request.state.sent = _unambiguous(text)
    return body


def sent(request: Request) -> Any:
    """The JSON value that the parsed body is, with the fields that no model knows."""
    return request.state.sent


def _check_type(request: Request) -> None:
    """A body whose type is not said is taken for JSON: many a script does not say it. Raises Problem."""
    said = request.headers.get("content-type")
    kind = (said or "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Problem("unsupported_media_type", "send JSON, and say so: content-type: application/json")


async def read(request: Request) -> bytes:
    """The body, within its limits. Raises Problem."""
    too_large = Problem("request_too_large", f"a body may have {SIZE_LIMIT} bytes")
    if (length := request.headers.get("content-length", "")).isdigit() and int(length) > SIZE_LIMIT:
        raise too_large
    data = bytearray()
    try:
        async with asyncio.timeout(READ_SECONDS):
            async for piece in request.stream():
                data += piece
                if len(data) > SIZE_LIMIT:
                    raise too_large
    except TimeoutError as error:
        raise Problem("request_timeout", f"the body did not arrive within {READ_SECONDS:g} seconds") from error
    return bytes(data)


def _unambiguous(text: str) -> Any:
    """The value of a text that pydantic has parsed, so it is not too deep. Raises Problem.

    Readers of JSON differ in which of two equal keys counts (RFC 8259, 4), and one of them may have checked the other.
    """
    try:
        return json.loads(text, object_pairs_hook=_once, parse_int=_number, parse_constant=_no_number)
    except RecursionError as error:
        raise _too_deep() from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Problem("invalid_json", f"the key {twice[:_SHOWN]!r} is there more than once in one object")
    return made


def _number(digits: str) -> int:
    try:
        return int(digits)
    except ValueError as error:  # Python reads 4300 digits at most
        raise Problem("invalid_json", f"a number of {len(digits)} digits is too long") from error


def _no_number(name: str) -> float:
    raise Problem("invalid_json", f"{name} is no JSON")


def _too_deep() -> Problem:
    return Problem("invalid_json", f"the body is nested too deeply: {DEPTH} arrays and objects are the most")


def _unsound(error: ValidationError, text: str) -> Problem:
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        if "recursion limit" in first["msg"]:
            return _too_deep()
        return Problem("invalid_json", f"the body is not JSON: {first['msg'].removeprefix('Invalid JSON: ')}")
    return invalid(error, _unambiguous(text))


def invalid(error: ValidationError, body: Any) -> Problem:
    """What is wrong with a JSON value, without its values, which are the user's: what is found farthest inside."""
    errors = error.errors(include_url=False, include_input=False)
    places = [(_place(each["loc"], body, each["type"] == "missing"), each["msg"]) for each in errors]
    parts, message = max(places, key=lambda place: len(place[0]))
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).lstrip(".")
    return Problem("invalid_request", f"{place or 'the body'}: {message}", place or None)


def _place(location: Sequence[int | str], value: Any, missing: bool) -> list[int | str]:
    """A place in the body, without what pydantic calls the kinds of value that a field may have."""
    parts: list[int | str] = []
    for index, part in enumerate(location):
        if isinstance(value, dict) and part in value:
            value = value[part]
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part] if part < len(value) else None
        elif not (missing and index == len(location) - 1):
            continue
        parts.append(part)
    return parts
