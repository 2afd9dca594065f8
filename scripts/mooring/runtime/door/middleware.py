"""Headers of every reply, and the error reply for unexpected exceptions."""

import asyncio
import re
from contextlib import suppress
from http import HTTPStatus

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.language import accepted
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.paths import allowed

DISCARD_SECONDS = 1.0
"""Seconds that a refused client may still take to send its body."""


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Paths:
    """ASGI middleware: a path with slashes at its end is the path without them; one with control characters is none.

    It answers rather than redirects, since many a client sends a redirected POST again as a GET without its body.
    A route takes a path that ends in a line break, so whoever compares paths would see another one than the router.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if _CONTROL.search(scope["path"]):
                return await reply(Problem("not_found", "there is nothing at this path"))(scope, receive, send)
            if scope["path"].endswith("/"):
                scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        return await self.app(scope, receive, send)


class Edge:
    """ASGI middleware: adds headers to every reply, and turns an unexpected exception into an error reply."""

    def __init__(self, app: ASGIApp, headers: dict[str, str]) -> None:
        self.app = app
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started = False

        async def marked(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                MutableHeaders(scope=message).update(self.headers)
            await send(message)

        try:
            await self.app(scope, receive, marked)
        except ClientDisconnect:
            LOGGER.info("client left", extra={"path": scope["path"]})
        except Exception:  # noqa: BLE001 - whatever it is, the client gets an error reply
            LOGGER.exception("request failed", extra={"path": scope["path"]})
            if not started:
                await reply(Problem("internal_error", "the server failed"))(scope, receive, marked)


def languages(request: Request) -> tuple[str, ...]:
    """The client's language ranges, such as `pt-BR`, the preferred first."""
    return accepted(request.headers.get("accept-language", "")[:200])


def reply(problem: Problem) -> Response:
    """An error as a reply."""
    headers = dict(problem.headers)
    if problem.status == HTTPStatus.TOO_MANY_REQUESTS:
        headers.setdefault("retry-after", "1")
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    return JSONResponse(problem.body(), problem.status, headers)


async def refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    """Answers a request with an error outside of the app, after its body: with unread data, closing the connection
    may take the answer with it."""
    if not any(name == b"expect" for name, _ in scope["headers"]):
        await discarded(receive)
    await reply(problem)(scope, receive, send)


async def discarded(receive: Receive) -> bool:
    """Reads a body to its end; False when that does not come in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await receive()).get("more_body"):
                pass
            return True
    return False


async def on_problem(request: Request, error: Exception) -> Response:
    """Exception handler for `Problem`."""
    return reply(error if isinstance(error, Problem) else Problem("internal_error", "the server failed"))


async def on_http(request: Request, error: Exception) -> Response:
    """Exception handler for what routing refuses: an unknown path or method. It also answers `OPTIONS`."""
    if not isinstance(error, HTTPException) or error.status_code != HTTPStatus.METHOD_NOT_ALLOWED:
        return reply(Problem("not_found", "there is nothing at this path"))
    takes = {"allow": allowed(request)}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=takes)
    refused = reply(Problem("method_not_allowed", f"this path takes {takes['allow']}"))
    refused.headers.update(takes)
    return refused
