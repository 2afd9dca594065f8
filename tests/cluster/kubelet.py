"""What the API server asks a node for: the logs of its containers."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.cluster.certificates import Pair
from tests.cluster.container import Container
from tests.cluster.pod import Pod

PORT = 10250
POLL_SECONDS = 0.05


class Kubelet:
    """Serves HTTPS on a loopback address, to callers with a certificate of the cluster's authority."""

    def __init__(self, host: str, own: Pair, authority: Path, find: Callable[[str, str], Pod | None]) -> None:
        self._find = find
        routes = [Route("/containerLogs/{namespace}/{pod}/{container}", self._logs)]
        config = uvicorn.Config(
            Starlette(routes=routes), host=host, port=PORT, log_level="critical", lifespan="off", ws="none",
            ssl_certfile=own.certificate, ssl_keyfile=own.key, ssl_ca_certs=str(authority),
            ssl_cert_reqs=ssl.CERT_REQUIRED, timeout_graceful_shutdown=0,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._serving = asyncio.create_task(self._server.serve())
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        if self._serving:
            with suppress(asyncio.CancelledError):
                await self._serving

    async def _logs(self, request: Request) -> Response:
        where, asked = request.path_params, request.query_params
        pod = self._find(where["namespace"], where["pod"])
        container = pod.container(where["container"]) if pod else None
        if container is None:
            return PlainTextResponse("pod or container not found", 404)
        number = -2 if asked.get("previous") == "true" else -1
        if len(container.logs) < -number:
            return PlainTextResponse(f'container "{container.name}" in pod "{where["pod"]}" is waiting to start', 400)
        tail, limit = asked.get("tailLines"), asked.get("limitBytes")
        text = read(container.logs[number], int(tail) if tail else None)
        if asked.get("follow") == "true" and number == -1:
            return StreamingResponse(followed(container, text), media_type="text/plain")
        return PlainTextResponse(text[: int(limit)] if limit else text)


def read(log: Path, tail: int | None = None) -> bytes:
    """The last `tail` lines, or all of them."""
    text = log.read_bytes()
    if tail is None:
        return text
    return b"".join(text.splitlines(keepends=True)[-tail:]) if tail else b""


async def followed(container: Container, text: bytes) -> AsyncIterator[bytes]:
    """What was there, and what is written until the process ends."""
    process = container.process
    assert process
    yield text
    with process.log.open("rb") as log:
        log.seek(0, 2)
        while True:
            running = process.is_running
            if more := log.read():
                yield more
            elif not running:
                return
            else:
                await asyncio.sleep(POLL_SECONDS)
