"""`python -m tests.runtime.memory.durable.zygote`: everything is loaded once; each line on stdin forks a slot.

A line is a JSON object: `slot`, `release` (a file), `state`, `simulator`, `announce` (where the child writes its pid
and URL), `environ`, `ahead` (seconds that the machine's clock is). And for trouble: `die` (the point at which it kills
itself, counted over its steps: before the body, after it, and once it is written), `kills` (the question that kills
it), `adopts` (false: goes on with nothing), `pages` (a file with SQLite's page limit).
"""

import asyncio
import ctypes
import gc
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa
import uvicorn

from mooring.release.verify import verify_file
from mooring.runtime.agent.build_agents import ReleaseAgents
from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.memory.durable import adoption
from mooring.runtime.memory.durable.adoption import Adoption
from mooring.runtime.memory.steps import Steps
from mooring.runtime.process.preload import preload
from mooring.runtime.watch.telemetry import Metrics
from tests.runtime.sample import sample


async def warm() -> None:
    """Has everything loaded and compiled that a slot needs.

    The collector is kept from it: each child would get a copy of all that a collection touches.
    """
    preload()
    for url in ("sqlite://", "postgresql+psycopg://"):
        sa.create_engine(url)
    async with httpx2.AsyncClient() as client:
        ReleaseAgents(sample(), Settings("blue", Path(), "http://127.0.0.1:9"), client, Metrics())
    gc.collect()
    gc.freeze()


def die_at(point: int) -> None:
    """Kills this process at a point of its steps, as `kill -9` would."""
    passed = 0
    step = Steps.step

    def here() -> None:
        nonlocal passed
        passed += 1
        if passed == point:
            os.kill(os.getpid(), signal.SIGKILL)

    async def dying(self: Steps, name: str, body: Callable[[], Awaitable[Any]], *settles: Any) -> Any:
        async def counted() -> Any:
            if not passed:
                await asyncio.sleep(0.1)  # whoever began the run is told its name first
            here()
            value = await body()
            here()
            return value

        result = await step(self, name, counted, *settles)
        if not result[1]:
            here()
        return result

    Steps.step = dying  # type: ignore[method-assign, assignment]


def die_over(about: str) -> None:
    """Kills this process whenever a run of that question asks its model."""
    step = Steps.step

    async def dying(self: Steps, name: str, body: Callable[[], Awaitable[Any]], *settles: Any) -> Any:
        if CURRENT.get().question == about:
            os.kill(os.getpid(), signal.SIGKILL)
        return await step(self, name, body, *settles)

    Steps.step = dying  # type: ignore[method-assign, assignment]


def limit_pages(path: Path) -> None:
    """SQLite refuses to grow beyond so many pages, as on a full disk; the file may change at any time."""

    @sa.event.listens_for(sa.engine.Engine, "begin")
    def limit(connection: sa.Connection) -> None:
        raw: Any = connection.connection.dbapi_connection
        raw.execute(f"pragma max_page_count = {int(path.read_text())}")


def look_often() -> None:
    """Looks for what waits at each look, not every second, and for leases that end soon: tests would mostly wait."""
    adoption.LOOK_SECONDS, adoption.POLL_LOOKS, adoption.SWEEP_LOOKS, adoption.LEASE_SECONDS = 0.1, 1, 5, 2.5


def with_parent() -> None:
    """Ends this process with the one that made it, however that ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def adopt_nothing() -> None:
    """Has this process go on with no run of another, so that it is known which one does."""

    async def blind(self: Adoption) -> None:
        await asyncio.Event().wait()

    Adoption.watch = blind  # type: ignore[method-assign]


def serve(order: dict[str, Any]) -> None:
    """The life of a child."""
    with_parent()
    logging.basicConfig(stream=Path(order["announce"]).with_suffix(".log").open("w"), level=logging.INFO)
    if not order.get("adopts", True):
        adopt_nothing()
    if order.get("ahead"):
        true = time.time
        time.time = lambda: true() + order["ahead"]
    if order.get("die"):
        die_at(order["die"])
    if order.get("kills"):
        die_over(order["kills"])
    if order.get("pages"):
        limit_pages(Path(order["pages"]))
    settings = Settings(order["slot"], Path(order["state"]), order["simulator"], order.get("environ", {}))
    app = create_app(verify_file(Path(order["release"])), settings)
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="on", log_config=None)
    Announcing(config, Path(order["announce"])).run()


class Announcing(uvicorn.Server):
    """Says where it is once it listens."""

    def __init__(self, config: uvicorn.Config, announce: Path) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        port = self.servers[0].sockets[0].getsockname()[1]
        new = self._announce.with_suffix(".new")
        new.write_text(json.dumps({"pid": os.getpid(), "url": f"http://127.0.0.1:{port}"}))
        new.rename(self._announce)


def main() -> None:
    asyncio.run(warm())
    look_often()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print("ready", flush=True)
    for line in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            try:
                serve(json.loads(line))
            finally:
                os._exit(0)


if __name__ == "__main__":
    main()
