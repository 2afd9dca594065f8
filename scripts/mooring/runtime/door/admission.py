"""Limits how many requests a slot answers at once; others get 429 and a time to retry."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.middleware import refuse
from mooring.runtime.watch.accounting import watches


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
            problem = Problem("too_many_requests", f"{self.most} requests are being answered; try again in a moment")
            return await refuse(problem, scope, receive, send)
        self._admitted += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._admitted -= 1
