"""An app on a real socket."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import httpx2
import uvicorn
from starlette.routing import Mount

from mooring.runtime.runtime import Runtime
from tests.runtime.stub import Stub


class Server(uvicorn.Server):
    """Ends as soon as it may. Uvicorn looks for that ten times a second, and then rests a tenth in any case."""

    REST = 0.1
    """Seconds that answers under way get to be finished."""

    def end(self) -> None:
        """Asks it to end, from any thread; one that has ended is told nothing."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ending.set)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self._ending.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        if tasks := self.server_state.tasks:
            await asyncio.wait(tasks, timeout=self.REST)
        for task in tasks:
            task.cancel()
        await self.lifespan.shutdown()


class Serving:
    """An ASGI app on a port of its own, in a thread."""

    mount: Mount

    def __init__(self, app: Any) -> None:
        self.app = app
        config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on", proxy_headers=False)
        self._server = Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def start(self) -> "Serving":
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive()
            time.sleep(0.005)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.http = httpx2.Client(base_url=self.url, timeout=20, verify=False)
        return self

    def stop(self) -> None:
        """Ends the app, unless it has ended."""
        self.http.close()
        self._server.end()
        self._thread.join()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._server.servers[0].get_loop()

    @property
    def runtime(self) -> Runtime:
        runtime: Runtime = self.app.state.runtime
        return runtime

    def settled(self) -> dict[str, int]:
        """The accounting once nothing is in flight; the last byte of an answer leaves a moment before."""
        end = time.monotonic() + 5
        while self.runtime.accounting.in_flight and time.monotonic() < end:
            time.sleep(0.005)
        counts = self.runtime.accounting.data()
        assert counts["received"] == counts["answered"] + counts["failed"] + counts["abandoned"] + counts["in_flight"]
        return counts

    def chat(self, text: str = "hi", *, agent: str = "support", **more: Any) -> httpx2.Response:
        """Asks an agent one thing."""
        headers = more.pop("headers", {})
        body = {"model": agent, "messages": [{"role": "user", "content": text}]} | more
        return self.http.post("/v1/chat/completions", json=body, headers=headers)


@contextmanager
def listening() -> Iterator[Stub]:
    """A scripted model and its services, on a port of its own within the block."""
    stub = Stub()
    serving = Serving(stub.app()).start()
    stub.url = serving.url
    yield stub
    serving.stop()


def rung_of(answer: Any) -> str:
    """The rung that answered; of a stream the one that began it."""
    return str(answer.headers.get("x-mooring-rung") or answer.headers["x-mooring-first-rung"])
