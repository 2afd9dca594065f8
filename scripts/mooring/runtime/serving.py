"""An ASGI app on uvicorn's HTTP protocol, behind an Acceptor instead of uvicorn's own server."""

import asyncio
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

import uvicorn
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from mooring.runtime.acceptor import Acceptor, closing_when_off

KEEP_ALIVE = 75
"""Seconds an idle connection may stay: longer than common clients keep theirs, so that they close first."""

QUIET = 5
"""Seconds without accepting after which a connection that said nothing may be closed by an ending slot."""


class Serving:
    """Starts not live; `acceptor` turns it on and off."""

    def __init__(self, app: Any, listening: socket.socket) -> None:
        self.acceptor = Acceptor(listening, self._protocol)
        self._config = uvicorn.Config(
            closing_when_off(app, self.acceptor),
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
        )
        self._config.load()
        self._lifespan = LifespanOn(self._config)
        self._state = ServerState()
        self._clock: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Runs the app's start-up. RuntimeError when that failed; the log says why."""
        await self._lifespan.startup()
        if self._lifespan.should_exit:
            raise RuntimeError("the application did not start")
        self._clock = asyncio.create_task(self._tell_time())

    @property
    def busy(self) -> int:
        """Requests being answered, and connections about to become ones."""
        return len(self._state.tasks) + self.acceptor.attaching

    @property
    def connections(self) -> int:
        """Open client connections, idle ones too."""
        return len(self._state.connections)

    async def stop(self, cap: float, quiet: float = QUIET) -> None:
        """Ends without loss where `cap` seconds allow: requests finish, keep-alive clients get time to leave."""
        self.acceptor.off()
        end = asyncio.get_running_loop().time() + cap
        await _until(lambda: not self._state.connections, min(end, self.acceptor.off_since + quiet))
        await _until(lambda: not self.busy, end)
        for connection in list(self._state.connections):
            connection.shutdown()
        await self._lifespan.shutdown()
        if self._clock:
            self._clock.cancel()

    def _protocol(self) -> asyncio.Protocol:
        return HttpToolsProtocol(self._config, self._state, self._lifespan.state)

    async def _tell_time(self) -> None:
        """Keeps the `date` header true, as uvicorn's own server does."""
        while True:
            self._state.default_headers = [(b"date", formatdate(time.time(), usegmt=True).encode())]
            await asyncio.sleep(1)


async def _until(done: Callable[[], bool], end: float) -> None:
    """Waits for `done`, at most until the loop's clock says `end`."""
    loop = asyncio.get_running_loop()
    while True:
        if done() or loop.time() >= end:
            return
        await asyncio.sleep(0.02)
