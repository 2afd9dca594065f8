"""JSON over HTTP on a Unix socket: the private door of a slot and of the supervisor, and both of its clients.

`curl --unix-socket PATH http://door/health` works. Standard library only, because a rollback
must not wait for an import.
"""

import asyncio
import inspect
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason

Handler = Callable[[dict[str, Any]], Any]
"""Takes the JSON body, gives the JSON answer or an awaitable of it. What it raises is answered too."""


MAX_BODY = 8 * 2**20


class Unknown(Failed):
    """A route that the process behind a door does not have, as one of an earlier version may not."""


log = logging.getLogger(__name__)


async def serve(path: Path, routes: Mapping[str, Handler]) -> asyncio.Server:
    """Answer `routes` ("GET /health" -> handler of the JSON body) on a socket of mode 0600; a stale one is replaced.

    A handler that is a plain function is answered in the same turn of the event loop.
    """
    server = await asyncio.get_running_loop().create_unix_server(lambda: _Connection(routes), path)
    path.chmod(0o600)
    return server


class _Connection(asyncio.Protocol):
    """Answers one message after the other."""

    def __init__(self, routes: Mapping[str, Handler]) -> None:
        self._routes = routes
        self._data = b""
        self._busy: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._busy:
            self._busy.cancel()

    def data_received(self, data: bytes) -> None:
        self._data += data
        try:
            while self._busy is None and (message := _first(self._data)):
                first, body, self._data = message
                self._begin(" ".join(first.split(" ")[:2]), json.loads(body) if body else {})
        except ValueError:
            self._transport.close()  # this is not HTTP, not JSON, or too much

    def _begin(self, route: str, body: dict[str, Any]) -> None:
        handler = self._routes.get(route)
        if handler is None:
            there = ", ".join(sorted(self._routes))
            return self._answer(404, {"message": f"no {route} here; there is {there}"})
        try:
            answer = handler(body)
        except Exception as error:  # noqa: BLE001 - the door must outlive any bug behind it
            return self._answer(*problem(route, error))
        if not inspect.isawaitable(answer):
            return self._answer(200, answer)
        self._busy = asyncio.ensure_future(self._wait(route, answer))
        return None

    async def _wait(self, route: str, answer: Awaitable[Any]) -> None:
        try:
            status, value = 200, await answer
        except Exception as error:  # noqa: BLE001 - as above
            status, value = problem(route, error)
        self._busy = None
        self._answer(status, value)
        self.data_received(b"")

    def _answer(self, status: int, value: Any) -> None:
        self._transport.write(_message(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", value))


def problem(route: str, error: Exception) -> tuple[int, dict[str, Any]]:
    """Status and body of the answer for what a handler raised."""
    if isinstance(error, Stopped):
        refused = isinstance(error, Refused)
        return 409, {"refused": refused, "reason": error.reason, "message": str(error), "fix": error.fix}
    said = {"message": f"{type(error).__name__}: {error}"}
    if isinstance(error, KeyError | TypeError | ValueError):
        return 400, said
    log.error("%s", route, exc_info=error)
    return 500, said


def _first(data: bytes) -> tuple[str, bytes, bytes] | None:
    """First line and body of the first message, and what follows it; None while it is not whole."""
    head, end, rest = data.partition(b"\r\n\r\n")
    if not end:
        return None
    first, headers = _head(head)
    length = int(headers.get("content-length", "0"))
    if length > MAX_BODY:
        raise ValueError(f"body of {length} bytes")
    return (first, rest[:length], rest[length:]) if len(rest) >= length else None


def _head(data: bytes) -> tuple[str, dict[str, str]]:
    first, *lines = data.decode("latin-1").split("\r\n")
    return first, {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def _message(first: str, body: Any) -> bytes:
    data = json.dumps(body).encode()
    head = f"{first}\r\nHost: door\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    return head.encode("latin-1") + data


class Line:
    """One connection to a door that stays open: the quickest way in, and its end is the end of the process behind."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._turn = asyncio.Lock()

    @classmethod
    async def connect(cls, path: Path) -> "Line":
        """Raises OSError when nobody answers at `path`."""
        return cls(*await asyncio.open_unix_connection(path))

    async def call(self, route: str, body: Any = None, timeout: float = 5) -> Any:
        """The answer's JSON. Raises Stopped as the door said, OSError or EOFError when the line is dead.

        A line that timed out is closed: its next answer would belong to the last question.
        """
        try:
            async with asyncio.timeout(timeout), self._turn:
                self._writer.write(_message(f"{route} HTTP/1.1", body if body is not None else {}))
                await self._writer.drain()
                first, headers = _head(await self._reader.readuntil(b"\r\n\r\n"))
                answer = json.loads(await self._reader.readexactly(int(headers["content-length"])))
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            self.close()
            raise
        return _unwrap(int(first.split(" ")[1]), answer)

    def close(self) -> None:
        self._writer.close()


class Wire:
    """One blocking connection to a door. Between two processes that sleep, it takes half as long as a Line."""

    def __init__(self, path: Path, timeout: float = 5) -> None:
        """Raises OSError when nobody answers at `path`."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise

    def call(self, route: str, body: Any = None) -> Any:
        """The answer's JSON. Raises Stopped as the door said; after an OSError the wire cannot be used again."""
        self.send(route, body)
        return self.answer()

    def send(self, route: str, body: Any = None) -> None:
        """Asks without waiting, so that several doors can work on their answers at once; `answer` must follow."""
        self._socket.sendall(_message(f"{route} HTTP/1.1", body if body is not None else {}))

    def answer(self) -> Any:
        """What the door says to the last `send`; raises as `call` does."""
        data = b""
        while (message := _first(data)) is None:
            data += self._receive()
        first, answer, _rest = message
        return _unwrap(int(first.split(" ")[1]), json.loads(answer))

    def _receive(self) -> bytes:
        if data := self._socket.recv(65536):
            return data
        raise ConnectionError("the door was closed")

    def close(self) -> None:
        self._socket.close()


def call(path: Path, route: str, body: Any = None, timeout: float = 5) -> Any:
    """Ask once, blocking. Raises Stopped as the door said, OSError when nobody answers in `timeout` seconds."""
    with closing(Wire(path, timeout)) as wire:
        return wire.call(route, body)


def _unwrap(status: int, answer: Any) -> Any:
    if status == 200:
        return answer
    if status == 409:
        kind = Refused if answer["refused"] else Failed
        raise kind(Reason(answer["reason"]), answer["message"], answer["fix"])
    kind = Unknown if status == 404 else Failed
    raise kind(Reason.PROCESS, answer.get("message", f"status {status}"))
