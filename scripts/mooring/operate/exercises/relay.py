"""Stands between the copy and its simulator, so that a drill sees each call and may do something at that moment."""

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.errors import Failed
from mooring.outcome import Reason

SOURCES = str(Path(__file__).parents[3])

OPENING_SECONDS = 20.0
"""How long the simulator and the relay may take to listen."""


@dataclass
class Call:
    """One call of a slot: `port` is the slot's end of the connection. `reply` is None until the simulator answered.

    `number` is for whoever counts calls.
    """

    port: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    at: float = field(default_factory=time.monotonic)
    reply: Response | None = None
    number: int = 0

    @property
    def key(self) -> str:
        """The key by which a service knows that it is asked again."""
        return self.headers.get("idempotency-key", "")

    @property
    def sent(self) -> Any:
        """The JSON of the body; None where it is none."""
        with suppress(ValueError):
            return json.loads(self.body)
        return None


Look = Callable[[Call], Response | None]
"""Called for a call; what it returns is answered instead."""


def nothing(_call: Call) -> None:
    """Lets a call pass."""


class Relay:
    """`begun` is called before a call is passed on, `done` when its answer is there and not yet sent back.

    Both are called in the relay's thread, one call after the other.
    """

    def __init__(self, simulator: str) -> None:
        self.begun: Look = nothing
        self.done: Look = nothing
        self._simulator = simulator
        self._client = httpx2.AsyncClient(timeout=120, trust_env=False)
        methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
        self.app = Starlette(routes=[Route("/{path:path}", self._pass, methods=methods)])

    async def _pass(self, request: Request) -> Response:
        body, headers = await request.body(), {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.client.port if request.client else 0, request.method, request.url.path, headers, body)
        if (instead := self.begun(call)) is not None:
            return instead
        call.reply = await self._forwarded(request, call)
        instead = self.done(call)
        return call.reply if instead is None else instead

    async def _forwarded(self, request: Request, call: Call) -> Response:
        kept = {name: value for name, value in call.headers.items() if name not in _HOP}
        query = f"?{request.url.query}" if request.url.query else ""
        try:
            answer = await self._client.request(
                call.method, f"{self._simulator}{call.path}{query}", content=call.body, headers=kept
            )
        except httpx2.HTTPError as error:
            return JSONResponse({"error": {"message": f"the simulator does not answer: {error}"}}, 502)
        told = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP}
        return Response(answer.content, answer.status_code, told)


_HOP = {
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "keep-alive",
    "accept-encoding",
    "content-encoding",
}
"""Headers that are of one connection, or that are written anew."""


@contextmanager
def relayed(rules: Path, state: Path) -> Iterator[Relay]:
    """A simulator with a relay before it, which the supervisor of the folder `state` takes for its own.

    Each run has services of its own, so that what it did there can be told from what others did.

    Raises Failed(PROCESS) when the simulator does not start.
    """
    announced = state / "simulator.announced.json"
    options = ["--rules", str(rules), "--state", str(state / "simulator"), "--announce", str(announced)]
    with (state / "simulator.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "mooring.simulator", *options, "--tied", "--isolated"],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (SOURCES, os.environ.get("PYTHONPATH"))))},
        )
    try:
        relay = Relay(_announced(process, announced, state))
        with _serving(relay) as url:
            (state / "simulator.json").write_text(json.dumps({"url": url, "pid": process.pid}))
            yield relay
    finally:
        process.kill()
        process.wait()
        if process.stdin:
            process.stdin.close()


def _announced(process: "subprocess.Popen[bytes]", file: Path, state: Path) -> str:
    end = time.monotonic() + OPENING_SECONDS
    while not file.exists():
        if process.poll() is not None or time.monotonic() > end:
            said = (state / "simulator.log").read_text(errors="replace").strip().splitlines()
            raise Failed(Reason.PROCESS, f"the simulator does not start: {said[-1] if said else 'it says nothing'}")
        time.sleep(0.02)
    return str(json.loads(file.read_text())["url"])


@contextmanager
def _serving(relay: Relay) -> Iterator[str]:
    config = uvicorn.Config(relay.app, port=0, log_level="critical", lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=asyncio.run, args=(server.serve(),), daemon=True)
    thread.start()
    end = time.monotonic() + OPENING_SECONDS
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = server.force_exit = True
        thread.join(5)
