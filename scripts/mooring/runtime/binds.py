"""Where a tool's call goes: an HTTP request built from its arguments."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx2

from mooring.spec.tool import HttpBind

RESULT_LIMIT = 64 * 1024
"""Bytes of a tool's result that an agent is shown; more is an error."""

_PLACE = re.compile(r"\{(\w+)\}")
_IN_QUERY = frozenset({"GET", "DELETE"})
_SHOWN = 500


class CallFailed(Exception):
    """A tool's call failed; the text is for the agent to read."""


def fill(template: str, arguments: Mapping[str, Any]) -> str:
    """`template` with `{name}` replaced by URL-quoted arguments. Raises CallFailed when one is missing."""

    def value(place: re.Match[str]) -> str:
        if place[1] not in arguments:
            raise CallFailed(f"the argument {place[1]!r} is missing")
        return quote(_plain(arguments[place[1]]), safe="")

    return _PLACE.sub(value, template)


def request(
    client: httpx2.AsyncClient, bind: HttpBind, base: str, arguments: Mapping[str, Any], headers: Mapping[str, str]
) -> httpx2.Request:
    """The request that a call with `arguments` is. `base` is the service's URL without a trailing slash."""
    in_path = set(_PLACE.findall(bind.path))
    rest = {name: value for name, value in arguments.items() if name not in in_path}
    url = base + fill(bind.path, arguments)
    if bind.method in _IN_QUERY:
        return client.build_request(bind.method, url, params=_query(rest), headers=dict(headers))
    return client.build_request(bind.method, url, json=rest, headers=dict(headers))


async def send(client: httpx2.AsyncClient, call: httpx2.Request) -> Any:
    """The JSON value that the service answers, None for an empty answer. Raises CallFailed."""
    try:
        response = await client.send(call, stream=True)
        try:
            body = await _read(response)
        finally:
            await response.aclose()
    except httpx2.HTTPError as error:
        raise CallFailed(f"the service cannot be reached ({type(error).__name__})") from error
    if not response.is_success:
        raise CallFailed(f"HTTP {response.status_code}: {body[:_SHOWN].decode(errors='replace')}")
    try:
        return json.loads(body) if body else None
    except ValueError as error:
        raise CallFailed("the service did not answer with JSON") from error


async def _read(response: httpx2.Response) -> bytes:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > RESULT_LIMIT:
            raise CallFailed(f"the result is larger than {RESULT_LIMIT} bytes; ask for less")
    return bytes(body)


def _query(arguments: Mapping[str, Any]) -> dict[str, list[str]]:
    lists = {name: value if isinstance(value, list) else [value] for name, value in arguments.items()}
    return {name: [_plain(item) for item in items if item is not None] for name, items in lists.items()}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
