"""JSON over HTTP on a Unix socket: the private door of a slot and of the supervisor, and both of its clients.

`curl --unix-socket PATH http://door/health` works. Standard library only, because a rollback
must not wait for an import.
"""

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import closing
from http import HTTPStatus
from pathlib import Path
from typing import Any

from mooring.errors import Failed, Refused, Stopped
from mooring.outcome import Reason

Handler = Callable[[dict[str, Any]], Awaitable[Any]]
MAX_BODY = 8 * 2**20

log = logging.getLogger(__name__)


async def serve(path: Path, routes: Mapping[str, Handler]) -> asyncio.Server:
    """Answer `routes` ("GET /health" -> handler of the JSON body) on a socket of mode 0600; a stale one is replaced."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, body = await _read(reader)
                method, target = first.split(" ")[:2]
                status, answer = await _answer(routes, f"{method} {target}", body)
                writer.write(_message(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", answer))
                await writer.drain()
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            pass  # the client went away or does not speak HTTP, or this process ends
        finally:
            writer.close()

    server = await asyncio.start_unix_server(connected, path)
    path.chmod(0o600)
    return server


async def _answer(routes: Mapping[str, Handler], route: str, body: dict[str, Any]) -> tuple[int, Any]:
    handler = routes.get(route)
    if handler is None:
        return 404, {"message": f"no {route} here; there is {', '.join(sorted(routes))}"}
    try:
        return 200, await handler(body)
    except Stopped as stopped:
        refused = isinstance(stopped, Refused)
        return 409, {"refused": refused, "reason": stopped.reason, "message": str(stopped), "fix": stopped.fix}
    except (KeyError, TypeError, ValueError) as error:
        return 400, {"message": f"{type(error).__name__}: {error}"}
    except Exception as error:  # the door must outlive any bug behind it
        log.exception("%s", route)
        return 500, {"message": f"{type(error).__name__}: {error}"}


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, Any]]:
    """The first line and the JSON body of one message; raises EOFError at the end of the connection."""
    first, headers = _head(await reader.readuntil(b"\r\n\r\n"))
    length = int(headers.get("content-length", "0"))
    if length > MAX_BODY:
        raise ValueError(f"body of {length} bytes")
    body = await reader.readexactly(length)
    return first, json.loads(body) if body else {}


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
                first, answer = await _read(self._reader)
        except (OSError, EOFError, ValueError, asyncio.CancelledError):
            self.close()
            raise
        return _unwrap(int(first.split(" ")[1]), answer)

    def close(self) -> None:
        self._writer.close()


class Wire:
    """One blocking connection to a door. Between two processes that sleep, it is half as slow as a Line."""

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
        """The answer's JSON. Raises Stopped as the door said; after an OSError the wire is of no more use."""
        self._socket.sendall(_message(f"{route} HTTP/1.1", body if body is not None else {}))
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, rest = data.partition(b"\r\n\r\n")
        first, headers = _head(head)
        while len(rest) < int(headers["content-length"]):
            rest += self._receive()
        return _unwrap(int(first.split(" ")[1]), json.loads(rest))

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
    raise Failed(Reason.PROCESS, answer.get("message", f"status {status}"))
