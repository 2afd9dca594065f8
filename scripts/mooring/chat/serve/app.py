"""The one app that platforms of chat deliver to. Whoever cannot sign is told nothing, and leaves only a count."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from mooring.chat.platforms.platform import Incoming, Reply
from mooring.chat.said import Unverified
from mooring.errors import MooringError
from mooring.spec.chat import PLATFORMS

LONGEST = 256 * 1024
"""Bytes of a request."""

LONGEST_OF = {"github": 1024 * 1024}
"""Bytes of a request of a platform whose own are longer: a comment comes with its issue, and either has 65,536
characters."""

READING_SECONDS = 10.0
"""In which a request must have arrived."""

log = logging.getLogger("mooring.chat")

Deliver = Callable[[str, Incoming], Awaitable[Reply | None]]
"""Hears what a platform delivered; None where it is not connected. Raises Unverified, ValueError or MooringError."""


class Refused:
    """Counts what nobody had signed. The log tells of the first at once, of others in sums: anybody can send them."""

    def __init__(self) -> None:
        self.total: Counter[str] = Counter()
        self._untold: Counter[str] = Counter()

    def count(self, platform: str, why: str) -> None:
        if not self.total[platform]:
            log.warning("refused a request to /%s: %s", platform, why)
        else:
            self._untold[platform] += 1
        self.total[platform] += 1

    def tell(self) -> None:
        """To be called every minute or so."""
        for platform, times in self._untold.items():
            log.warning("refused %d more requests to /%s that were not signed as they must be", times, platform)
        self._untold.clear()


def application(deliver: Deliver, refused: Refused) -> Starlette:
    """`POST /slack`, `/feishu`, `/discord`, `/github`, and `GET /livez`."""

    def route(platform: str) -> Route:
        async def heard(request: Request) -> Response:
            return await _answered(request, platform, deliver, refused)

        return Route(f"/{platform}", heard, methods=["POST"])

    async def alive(_request: Request) -> Response:
        return PlainTextResponse("ok\n")

    routes = [*map(route, PLATFORMS), Route("/livez", alive, methods=["GET"])]
    return Starlette(routes=routes, exception_handlers={Exception: _crashed})


async def _answered(request: Request, platform: str, deliver: Deliver, refused: Refused) -> Response:
    try:
        body = await _body(request, LONGEST_OF.get(platform, LONGEST))
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = await deliver(platform, Incoming(headers, body))
    except ClientDisconnect:
        return _said(400)
    except Unverified as why:
        refused.count(platform, str(why))
        return _said(401)
    except ValueError:
        log.warning("a signed request to /%s cannot be read", platform)
        return _said(400)
    except MooringError as error:
        log.error("a request to /%s was not heard: %s", platform, error)
        return _said(503)
    if reply is None:
        return _said(404)
    return Response(status_code=reply.status) if reply.body is None else JSONResponse(reply.body, reply.status)


async def _body(request: Request, longest: int) -> bytes:
    """Raises HTTPException for one that is too long, or too slow."""
    said = request.headers.get("content-length", "0")
    if said.isdecimal() and int(said) > longest:
        raise HTTPException(413, "too long")
    parts, length = [], 0
    try:
        async with asyncio.timeout(READING_SECONDS):
            async for part in request.stream():
                parts.append(part)
                length += len(part)
                if length > longest:
                    raise HTTPException(413, "too long")
    except TimeoutError:
        raise HTTPException(408, "too slow") from None
    return b"".join(parts)


WORDS = {400: "cannot be read", 401: "not signed", 404: "not connected", 503: "try again"}


def _said(status: int) -> Response:
    return PlainTextResponse(f"{WORDS[status]}\n", status)


async def _crashed(request: Request, error: Exception) -> Response:
    log.error("a request to %s crashed", request.url.path, exc_info=error)
    return PlainTextResponse("failed\n", 500)
