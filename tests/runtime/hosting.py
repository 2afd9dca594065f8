"""An app on a real socket."""

import asyncio
import threading
import time
from typing import Any

import httpx2
import uvicorn
from starlette.routing import Mount

from mooring.runtime.runtime import Runtime


class Serving:
    """An ASGI app on a port of its own, in a thread."""

    mount: Mount

    def __init__(self, app: Any) -> None:
        self.app = app
        config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on", timeout_graceful_shutdown=0)
        self._server = uvicorn.Server(config)
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
        self._server.should_exit = True
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
