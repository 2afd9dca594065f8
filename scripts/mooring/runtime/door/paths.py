"""The methods of paths: whoever asks is told which ones a path takes."""

from starlette.requests import Request
from starlette.routing import Match, Route


def allowed(request: Request) -> str:
    """The methods that a request's path takes, as the `Allow` header names them (RFC 9110, 10.2.1)."""
    methods = {"OPTIONS"}
    for route in request.app.routes:
        if isinstance(route, Route) and route.matches(request.scope)[0] is not Match.NONE:
            methods |= route.methods or set()
    return ", ".join(sorted(methods))
