"""What stands at the door instead of keys: only this machine's own programs are answered.

A page on the web could otherwise call through a visitor's browser, by a name that its owner lets resolve to this
machine (DNS rebinding) or across origins, and a proxy could open the environment to the world by mistake.
"""

import re
from collections.abc import Sequence
from typing import Literal

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.network import is_loopback
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.middleware import refuse

_PLACE = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?")
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


class Loopback:
    """ASGI middleware. `origins` are pages that may call nevertheless; `proxied` says that a proxy is declared."""

    def __init__(self, app: ASGIApp, origins: Sequence[str] = (), proxied: bool = False) -> None:
        self.app, self._origins, self._proxied = app, origins, proxied

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = self._problem(scope) if scope["type"] == "http" else None
        if problem is not None:
            return await refuse(problem, scope, receive, send)
        return await self.app(scope, receive, send)

    def _problem(self, scope: Scope) -> Problem | None:
        match stranger(scope, self._origins, self._proxied):
            case "host":
                words = "this environment has no access keys, so it answers to localhost and 127.0.0.1 only"
                return Problem("host_refused", words)
            case "page":
                return Problem("origin_refused", "no page of the web calls an environment without access keys")
            case "proxy":
                words = "a proxy opens an environment without access keys to others: declare access, or trustedProxies"
                return Problem("origin_refused", words)
        return None


def stranger(
    scope: Scope, origins: Sequence[str] = (), proxied: bool = False
) -> Literal["host", "page", "proxy"] | None:
    """What a request came by that none of this machine's own programs does: another name, a web page or a proxy."""
    headers = Headers(scope=scope)
    hosts = headers.getlist("host")
    if not all(map(_own, hosts)) or (len(hosts) != 1 and scope["http_version"] != "1.0"):
        return "host"
    origin = headers.get("origin")
    foreign = origin is not None and origin not in origins and not _own(origin.partition("://")[2])
    if foreign or (origin is None and headers.get("sec-fetch-site") == "cross-site"):
        return "page"
    return "proxy" if not proxied and any(name in headers for name in _FORWARDED) else None


def _own(place: str) -> bool:
    """Whether a host, maybe with a port, is this machine's own."""
    found = _PLACE.fullmatch(place.lower())
    return found is not None and is_loopback(found[1])
