"""Sees cheaply whether the other side has closed an idle connection.

The pool looks at all its idle connections with every request that begins or ends. By way of anyio, which puts together
everything that is known of a socket each time, that was a sixth of the processor time of a request among 256.
"""

import select
import socket
import ssl
from typing import Any

import httpcore2
import httpx2


def watch(client: httpx2.AsyncClient) -> None:
    """Has the connections that the client opens from now on looked at so; where its pool is another, as ever."""
    pool = getattr(client._transport, "_pool", None)
    if type(pool) is httpcore2.AsyncConnectionPool and hasattr(pool, "_network_backend"):
        pool._network_backend = _Backend()


class _Backend(httpcore2.AnyIOBackend):
    async def connect_tcp(self, *args: Any, **more: Any) -> httpcore2.AsyncNetworkStream:
        return _Stream(await super().connect_tcp(*args, **more))


class _Stream(httpcore2.AsyncNetworkStream):
    """Another stream, whose socket is asked for once."""

    def __init__(self, stream: httpcore2.AsyncNetworkStream) -> None:
        self._stream = stream
        self._socket: socket.socket | None = stream.get_extra_info("socket")
        self._poll = select.poll()
        if self._socket is not None:
            self._poll.register(self._socket, select.POLLIN)

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.AsyncNetworkStream:
        return _Stream(await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable" and self._socket is not None:
            # The number of a closed socket may be another's by now.
            return self._socket.fileno() < 0 or bool(self._poll.poll(0))
        return self._stream.get_extra_info(info)
