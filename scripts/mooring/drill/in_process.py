"""An ASGI app as an HTTP transport, without a socket: answers come piece by piece, and a client may hang up.

httpx2's own ASGITransport returns only when an answer is whole, so it knows neither streams nor silence.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx2
from starlette.types import ASGIApp, Message


class NoConnection(Exception):
    """Raised by an app whose socket takes no connection."""


class InProcess(httpx2.AsyncBaseTransport):
    """Holds the read timeout of a request between pieces, as a connection would. The caller's context is the app's."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        exchange = Exchange(request, await request.aread())
        exchange.task = asyncio.create_task(exchange.run(self._app))
        start = await exchange.next()
        return httpx2.Response(start["status"], headers=start.get("headers", []), stream=exchange, request=request)


class Exchange(httpx2.AsyncByteStream):
    """One request and what comes of it."""

    def __init__(self, request: httpx2.Request, body: bytes) -> None:
        self._request, self._body = request, body
        self._sent: asyncio.Queue[Message | Exception] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self._limit: float | None = request.extensions.get("timeout", {}).get("read")
        self.task: asyncio.Task[None] | None = None

    async def next(self) -> Message:
        """The next message of the app. Raises ReadTimeout, ConnectError or RemoteProtocolError of httpx2."""
        try:
            async with asyncio.timeout(self._limit if self._sent.empty() else None):
                message = await self._sent.get()
        except TimeoutError:
            self._gone.set()
            raise httpx2.ReadTimeout("", request=self._request) from None
        except asyncio.CancelledError:
            self._gone.set()
            raise
        if isinstance(message, NoConnection):
            raise httpx2.ConnectError("connection refused", request=self._request)
        if isinstance(message, Exception):
            raise httpx2.RemoteProtocolError("the connection was cut", request=self._request)
        return message

    async def __aiter__(self) -> AsyncIterator[bytes]:
        more = True
        while more:
            message = await self.next()
            more = message.get("more_body", False)
            if body := message.get("body"):
                yield body

    async def aclose(self) -> None:
        self._gone.set()

    async def run(self, app: ASGIApp) -> None:
        """Serves the request; the connection ends with it, as a server's does."""
        end: Exception = EOFError()
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception as error:  # noqa: BLE001 - as a server does
            end = error
        self._sent.put_nowait(end)

    async def _receive(self) -> Message:
        if self._asked:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self._body, "more_body": False}

    async def _send(self, message: Message) -> None:
        if not self._gone.is_set():
            self._sent.put_nowait(message)

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "http_version": "1.1",
            "method": self._request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.partition(b"?")[0],
            "query_string": url.query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "server": (url.host, url.port or 80),
            "client": ("127.0.0.1", 1),
        }
