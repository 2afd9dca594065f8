"""What stands at the door instead of keys: only requests that name this machine itself are answered.

A page on the web could otherwise call it through a visitor's browser (DNS rebinding), and a proxy could open it to
the world by mistake.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.network import is_loopback
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.middleware import refuse


class Loopback:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or all(_own(value) for name, value in scope["headers"] if name == b"host"):
            return await self.app(scope, receive, send)
        words = "this environment has no access keys, so it answers to localhost and 127.0.0.1 only"
        return await refuse(Problem("host_refused", words), scope, receive, send)


def _own(host: bytes) -> bool:
    name = host.decode("latin-1").strip()
    bare = name[: name.index("]") + 1] if name.startswith("[") and "]" in name else name.partition(":")[0]
    return is_loopback(bare.lower())
