"""The app behind the sockets of a slot, spoken to in bytes."""

import asyncio
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.door.serving import MOST, Serving
from tests.runtime.door.offering import offering

Secure = Callable[[], ssl.SSLContext]


class Door:
    """A live slot's sockets, in a thread."""

    def __init__(
        self, app: Any, most: int, listening: socket.socket | None = None, secure: Secure | None = None
    ) -> None:
        self.app = app
        self._most, self._secure = most, secure
        self._listening = listening or socket.create_server(("127.0.0.1", 0), backlog=4096)
        self.address: tuple[str, int] = self._listening.getsockname()
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()
        assert self._started.wait(20)

    async def _run(self) -> None:
        self.loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self.serving = Serving(self.app, self._listening, self._most, self._secure)
        await self.serving.start()
        self.serving.acceptor.on()
        self._started.set()
        await self._end.wait()
        await self.serving.stop(0.1, 0)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join()
        self._listening.close()

    @property
    def runtime(self) -> Any:
        return self.app.state.runtime

    def connect(self) -> "Client":
        return Client(socket.create_connection(self.address, timeout=5))

    def accept(self, on: bool) -> None:
        """Makes it live, or not."""
        acceptor = self.serving.acceptor
        self.loop.call_soon_threadsafe(acceptor.on if on else acceptor.off)
        self.until(lambda: acceptor.accepting == on)

    def until(self, done: Callable[[], bool]) -> None:
        end = time.monotonic() + 5
        while not done():
            assert time.monotonic() < end
            time.sleep(0.005)


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> "Client":
        self.socket.sendall(data)
        return self

    def answer(self) -> tuple[int, dict[str, str], Any]:
        """Status, headers and JSON of an answer."""
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._some(data)
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        while len(body) < int(headers["content-length"]):
            body += self._some(body)
        return int(first.split()[1]), headers, json.loads(body)

    def error(self) -> tuple[int, str]:
        """Status and code of an error."""
        status, _, body = self.answer()
        assert set(body["error"]) == {"message", "type", "code", "param"}
        return status, body["error"]["code"]

    def rest(self) -> bytes:
        """Everything until the server closes."""
        data = b""
        try:
            while piece := self.socket.recv(65536):
                data += piece
        except ConnectionResetError:
            pass
        return data

    def _some(self, so_far: bytes) -> bytes:
        data = self.socket.recv(65536)
        assert data, so_far
        return data


def request(body: Any, path: str = "/v1/chat/completions", **headers: Any) -> bytes:
    """A POST as bytes."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = {"host": "localhost", "content-length": len(data)} | {k.replace("_", "-"): v for k, v in headers.items()}
    return "\r\n".join([f"POST {path} HTTP/1.1", *(f"{k}: {v}" for k, v in more.items()), "", ""]).encode() + data


def asked(text: str = "hi", **more: Any) -> bytes:
    """A chat request as bytes."""
    return request({"model": "support", "messages": [{"role": "user", "content": text}]} | more)


@pytest.fixture
def post() -> Callable[..., bytes]:
    return request


@pytest.fixture
def ask() -> Callable[..., bytes]:
    return asked


Open = Callable[..., Door]


@pytest.fixture
def open_door(stub: Any, build: Callable[..., Release], tmp_path: Path) -> Iterator[Open]:
    """Opens the door of a slot that takes so many requests and connections; keyword arguments are the profile's."""
    doors: list[Door] = []

    def opened(requests: int = 256, most: int = MOST, mcp: bool = False, **profile: Any) -> Door:
        content = build(**profile).content
        serving = content.environment.serving.model_copy(update={"max_in_flight": requests, "mcp": mcp})
        environment = content.environment.model_copy(update={"serving": serving})
        release = Release.of(content.model_copy(update={"environment": environment}))
        settings = Settings("blue", tmp_path / "state", stub.url, {})
        doors.append(Door(create_app(release, settings), most))
        return doors[-1]

    yield opened
    for door in doors:
        door.close()


@pytest.fixture
def host() -> Iterator[Callable[..., Door]]:
    """Puts any ASGI app behind such a door, on a socket of its own or one that is given."""
    doors: list[Door] = []

    def hosted(
        app: Any, most: int = MOST, listening: socket.socket | None = None, secure: Secure | None = None
    ) -> Door:
        doors.append(Door(app, most, listening, secure))
        return doors[-1]

    yield hosted
    for door in doors:
        door.close()


@pytest.fixture
def offer(serve: Callable[..., Any], build: Callable[..., Release]) -> Callable[..., Any]:
    """Serves the agents as MCP tools too; keyword arguments are the profile's."""
    return lambda **profile: serve(offering(build(**profile)))
