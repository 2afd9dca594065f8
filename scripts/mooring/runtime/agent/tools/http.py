"""Tools answered by an HTTP service: a request built from the arguments, a bounded answer."""

import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from mooring.runtime.agent.tools.binding import PLACE, Call, CallFailed, Unavailable, fill, plain, too_large
from mooring.runtime.agent.tools.result import read, visible
from mooring.spec.tool import HttpBind

_IN_QUERY = frozenset({"GET", "DELETE"})
_TRANSIENT = frozenset({408, 425, 429, 500, 502, 503, 504, 529})
_SHOWN = 500
"""Bytes of an error's body that the agent is shown."""

HEADERS = {"accept-encoding": "identity"}
"""A small compressed answer may be a huge one; so none is asked for."""


class Refused(CallFailed):
    """An HTTP status that says that the call is wrong."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class HttpBinding:
    """`base` is the service's URL."""

    def __init__(self, bind: HttpBind, base: str, client: httpx2.AsyncClient) -> None:
        self._bind = bind
        self._base = base.rstrip("/")
        self._client = client

    async def answer(self, call: Call) -> Any:
        """None for an empty answer."""
        async with sent(self._client, self._request(call)) as response:
            body = await bounded(response, call)
        return parsed(body) if body else None

    def _request(self, call: Call) -> httpx2.Request:
        bind = self._bind
        in_path = set(PLACE.findall(bind.path))
        rest = {name: value for name, value in call.arguments.items() if name not in in_path}
        url = self._base + fill(bind.path, call.arguments)
        headers = HEADERS | {"x-mooring-run": call.run, "idempotency-key": call.key}
        if bind.method in _IN_QUERY:
            return self._client.build_request(bind.method, url, params=_query(rest), headers=headers)
        return self._client.build_request(bind.method, url, json=rest, headers=headers)


@asynccontextmanager
async def sent(client: httpx2.AsyncClient, request: httpx2.Request) -> AsyncGenerator[httpx2.Response]:
    """A successful response, its body unread; what stays unread closes the connection.

    Raises Unavailable, or Refused for an answer that would be the same another time.
    """
    try:
        response = await client.send(request, stream=True)
        try:
            if not response.is_success:
                raise await _refused(response)
            yield response
        finally:
            await response.aclose()
    except httpx2.HTTPError as error:
        raise Unavailable(f"the service cannot be reached ({type(error).__name__})") from error


async def bounded(response: httpx2.Response, call: Call, most: int | None = None) -> bytes:
    """The whole body, when it has at most `most` bytes, or as many as the call allows. Raises CallFailed."""
    if response.headers.get("content-encoding", "identity") != "identity":
        raise CallFailed("the service compressed its answer, unasked")
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > (most or call.largest):
            raise too_large(call)
    return bytes(body)


def parsed(body: bytes | str) -> Any:
    """The JSON value of an answer. Raises Unavailable: what does not speak JSON is not the service."""
    try:
        return read(body)
    except ValueError as error:
        raise Unavailable("the service did not answer with JSON") from error


async def _refused(response: httpx2.Response) -> CallFailed:
    body = b""
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) >= _SHOWN:
            break
    text = f"HTTP {response.status_code}: {visible(body[:_SHOWN].decode(errors='replace'))}"
    if response.status_code in _TRANSIENT:
        return Unavailable(text, retry_after(response.headers))
    return Refused(response.status_code, text)


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a service asks to wait, 0 when it does not say. Source: RFC 9110, section 10.2.3."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return 0.0


def _query(arguments: Mapping[str, Any]) -> dict[str, list[str]]:
    lists = {name: value if isinstance(value, list) else [value] for name, value in arguments.items()}
    return {name: [plain(item) for item in items if item is not None] for name, items in lists.items()}
