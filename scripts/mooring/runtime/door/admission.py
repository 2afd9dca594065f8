"""Limits how many requests a slot answers at once; others get 429 and a time to retry."""

from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.access.usage import Usage
from mooring.runtime.door.middleware import refuse
from mooring.runtime.watch.accounting import watches


class Admission:
    """ASGI middleware. Refusing is not failing: it shows as status 429, so a crowd rolls no release back.

    `usage` counts what all workers of the slot have admitted: clients that keep their connections are spread unevenly,
    so a part of the limit for each worker would refuse some while another worker has room.
    """

    def __init__(self, app: ASGIApp, most: int, usage: Usage) -> None:
        self.app = app
        self.most = most
        self._usage = usage

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or watches(scope["path"]):
            return await self.app(scope, receive, send)
        if not self._admits():
            problem = Problem("too_many_requests", f"{self.most} requests are being answered; try again in a moment")
            return await refuse(problem, scope, receive, send)
        try:
            await self.app(scope, receive, send)
        finally:
            self._usage.leave()

    def _admits(self) -> bool:
        """Counts one more, if there is room for it."""
        with self._usage.alone():
            if self._usage.under_way(self.most) >= self.most:
                return False
            self._usage.enter()
        return True
