"""Paths and methods: a trailing slash means nothing, and whoever asks is told which methods a path takes."""

from starlette.requests import Request
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send


class TrailingSlashes:
    """ASGI middleware: a path with slashes at its end is the path without them.

    It answers rather than redirects, since many a client sends a redirected POST again as a GET without its body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/"):
            scope = {**scope, "path": scope["path"].rstrip("/") or "/"}
        await self.app(scope, receive, send)


def allowed(request: Request) -> str:
    """The methods that a request's path takes, as the `Allow` header names them (RFC 9110, 10.2.1)."""
    methods = {"OPTIONS"}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))
