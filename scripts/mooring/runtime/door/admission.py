"""Limits how many requests a slot answers at once; others get 429 and a time to retry."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.middleware import reply
from mooring.runtime.watch.accounting import watches

DISCARD_SECONDS = 1.0
"""Seconds that a refused client may still take to send its body."""


class Admission:
    """ASGI middleware. Refusing is not failing: it shows as status 429, so a crowd rolls no release back."""

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most
        self._admitted = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or watches(scope["path"]):
            return await self.app(scope, receive, send)
        if self._admitted >= self.most:
            return await self._refuse(scope, receive, send)
        self._admitted += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._admitted -= 1

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not any(name == b"expect" for name, _ in scope["headers"]):
            await _discard(receive)
        problem = Problem("too_many_requests", f"{self.most} requests are being answered; try again in a moment")
        await reply(problem)(scope, receive, send)


async def _discard(receive: Receive) -> None:
    """Reads the body: a connection that is closed with unread data may take the answer with it."""
    try:
        async with asyncio.timeout(DISCARD_SECONDS):
            while (await receive()).get("more_body"):
                pass
    except TimeoutError:
        return
