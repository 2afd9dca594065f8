"""An ASGI app on uvicorn's HTTP protocol, behind an Acceptor instead of uvicorn's own server."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.server import ServerState

from mooring.runtime.door.acceptor import Acceptor, closing
from mooring.runtime.door.connection import KEEP_ALIVE, Connections

QUIET = 5
"""Seconds without accepting after which a connection that said nothing may be closed by an ending slot."""

LAST = 0.5
"""Seconds for the first request on a connection that came in the last moment."""

CALM = 1.0
"""Seconds without any connection after which none is waited for."""

MOST = 2048
"""Connections at once, when nobody says otherwise."""

LOOK_SECONDS = 1.0
"""Between two looks at all connections."""


class Serving:
    """Starts not live; `acceptor` turns it on and off. At most `most` connections are open at once.

    With `secure`, which gives the context of the next connection, they speak TLS.
    """

    def __init__(
        self,
        app: Any,
        listening: socket.socket,
        most: int = MOST,
        secure: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        self.leaving = False
        """Whether clients are to go elsewhere with their next request, though it accepts."""
        self._state = ServerState()
        self._config = uvicorn.Config(
            closing(app, lambda: self.connections.crowded or self.leaving or not self.acceptor.accepting),
            lifespan="on",
            ws="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._config.load()
        self._lifespan = LifespanOn(self._config)
        self.connections = Connections(self._config, self._state, most)
        self.acceptor = Acceptor(
            listening,
            self.connections.new,
            lambda: most - len(self.connections),
            secure,
            lambda: len(self.connections),
        )
        self.connections.fewer = self.acceptor.share
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Runs the app's start-up. RuntimeError when that failed; the log says why."""
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            raise RuntimeError("the application did not start")
        self.connections.app_state = self._lifespan.state
        self._clock = asyncio.create_task(self._tick())

    @property
    def busy(self) -> int:
        """Requests being answered, and connections about to become ones."""
        return len(self._state.tasks) + self.acceptor.attaching

    async def stop(self, cap: float, quiet: float | None = None, background: Callable[[], int] = lambda: 0) -> None:
        """Ends without loss where `cap` seconds allow: requests finish, keep-alive clients get time to leave.

        Runs that no request waits for finish too; `background` counts them. `quiet` is `QUIET` unless it is given.
        """
        self.acceptor.off()
        since = self.acceptor.off_since
        await self._finish(cap, since + (QUIET if quiet is None else quiet), background)

    async def finish(self, cap: float, quiet: float | None = None, background: Callable[[], int] = lambda: 0) -> None:
        """Ends as `stop` does, where nobody else has the listening socket: what comes in the quiet seconds is
        answered, and the socket closed then."""
        loop, self.leaving = asyncio.get_running_loop(), True
        start = crowded = loop.time()

        def calm() -> bool:
            nonlocal crowded
            if self.connections:
                crowded = loop.time()
            return loop.time() - crowded >= CALM

        await _until(calm, start + min(cap, QUIET if quiet is None else quiet))
        self.acceptor.close()
        await self._finish(start + cap - loop.time(), loop.time() + LAST, background)

    async def _finish(self, cap: float, quiet_until: float, background: Callable[[], int]) -> None:
        end = asyncio.get_running_loop().time() + cap
        await _until(lambda: not self.connections, min(end, quiet_until))
        await _until(lambda: not self.busy and not background(), end)
        self.connections.shutdown()
        await self._lifespan.shutdown()
        if self._clock:
            self._clock.cancel()

    async def _tick(self) -> None:
        """Keeps the `date` header true, as uvicorn's own server does, and clients in time."""
        while True:
            self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            self.connections.look()
            await asyncio.sleep(LOOK_SECONDS)


async def _until(done: Callable[[], bool], end: float) -> None:
    """Waits for `done`, at most until the loop's clock says `end`."""
    loop = asyncio.get_running_loop()
    while True:
        if done() or loop.time() >= end:
            return
        await asyncio.sleep(0.02)
