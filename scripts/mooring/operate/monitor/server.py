"""Answers whoever wants to know how an environment is: reads only, and only for programs of this machine."""

import gzip
import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Protocol

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.runtime.door.access.loopback import stranger

TEXT = "text/plain; version=0.0.4; charset=utf-8"

SMALLEST = 1024
"""Bytes from which on an answer is compressed."""

Page = Callable[[Mapping[str, Any], str], str]
"""Makes the page of a status, in a language such as `en` or `zh-CN`."""


class Watched(Protocol):
    """What is said."""

    async def metrics(self) -> str: ...

    async def status(self) -> dict[str, Any]: ...


def application(watched: Watched, page: Page, names: Collection[str] = ()) -> Starlette:
    """`/metrics`, `/status.json`, `/`, and `/livez` for whoever restarts it.

    `names` are those by which it may be asked besides this machine's own: in a cluster, others' programs ask.
    """

    async def live(_request: Request) -> Response:
        return PlainTextResponse("ok\n", headers=_HEADERS)

    async def metrics(request: Request) -> Response:
        return _compressed(request, (await watched.metrics()).encode(), TEXT)

    async def status(request: Request) -> Response:
        data = json.dumps(await watched.status(), ensure_ascii=False).encode()
        return _compressed(request, data, "application/json")

    async def root(request: Request) -> Response:
        language = request.query_params.get("language") or _language(request.headers.get("accept-language", ""))
        return HTMLResponse(page(await watched.status(), language), headers=_HEADERS)

    answers: list[tuple[str, Callable[[Request], Awaitable[Response]]]]
    answers = [("/metrics", metrics), ("/status.json", status), ("/", root), ("/livez", live)]
    return Starlette(
        routes=[Route(path, answer, methods=["GET"]) for path, answer in answers],
        middleware=[Middleware(Own, names=frozenset(names))],
    )


_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY"}


WORDS = {
    "host": "refused: this is known by no other name",
    "page": "refused: no page of the web may ask here",
    "proxy": "refused: a proxy would let others in",
}


class Own:
    """ASGI middleware that refuses pages of the web, by whatever name they come, and proxies."""

    def __init__(self, app: ASGIApp, names: Collection[str] = ()) -> None:
        self.app, self._names = app, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (by := stranger(self._named(scope))):
            answer = PlainTextResponse(f"{WORDS[by]}: ask at localhost or 127.0.0.1, from this machine\n", 403)
            return await answer(scope, receive, send)
        return await self.app(scope, receive, send)

    def _named(self, scope: Scope) -> Scope:
        """As if it had been asked at this machine's own name, where it may be asked at another."""
        if not self._names:
            return scope
        headers = [(name, self._host(value) if name == b"host" else value) for name, value in scope["headers"]]
        return {**scope, "headers": headers}

    def _host(self, value: bytes) -> bytes:
        host = re.sub(r":\d{1,5}$", "", value.decode("latin-1").lower())
        return b"localhost" if host.strip("[]") in self._names else value


def _compressed(request: Request, data: bytes, kind: str) -> Response:
    headers = {**_HEADERS, "Vary": "Accept-Encoding", "Content-Type": kind}
    if len(data) >= SMALLEST and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(gzip.compress(data, 1), headers={**headers, "Content-Encoding": "gzip"})
    return Response(data, headers=headers)


def _language(accepted: str) -> str:
    """The language that a browser wants most."""
    return accepted.partition(",")[0].partition(";")[0].strip() or "en"
