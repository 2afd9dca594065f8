"""A slot like any other, with an app that imports in no time. What a release does is in its description:

`dead` ends at once, `slow` takes its time to start, `late` seconds, `unready` never gets ready, `failing` answers with
500.
"""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.process import slot
from mooring.runtime.process.__main__ import main as serve_slot
from mooring.runtime.watch.accounting import Accounting, CountRequests
from mooring.runtime.watch.memory_watch import MemoryWatch
from mooring.spec.resilience import Memory


class Runtime:
    def __init__(self, does: str) -> None:
        self.accounting = Accounting()
        self.rss = 0
        self.memory = MemoryWatch([Memory()], [], lambda ratio: None, lambda: self.rss)
        self.does = does

    def ready(self) -> tuple[bool, list[str]]:
        return "unready" not in self.does, ["never"]

    def busy(self) -> int:
        return self.accounting.in_flight

    async def answer(self, agent: str, say: str) -> str:
        return f"{agent} looks up your order"


def build(release: Release, settings: Settings) -> Any:
    runtime = Runtime(release.content.environment.description)
    if "dead" in runtime.does or ("broken" in runtime.does and "LIGHT_WHOLE" not in os.environ):
        raise SystemError("this release cannot start")

    if "slow" in runtime.does:
        time.sleep(0.8)
    if "late" in runtime.does:
        time.sleep(2.5)

    async def who(request: Request) -> Response:
        await asyncio.sleep(float(request.query_params.get("sleep", "0")))
        status = 500 if "failing" in runtime.does else 200
        return JSONResponse({"slot": settings.slot, "digest": release.digest}, status)

    async def worker(_request: Request) -> Response:
        return JSONResponse({"worker": settings.worker, "of": settings.workers, "pid": os.getpid()})

    async def fill(_request: Request) -> Response:
        runtime.rss = runtime.memory.limit
        runtime.memory.look()
        return JSONResponse({"worker": settings.worker, "pid": os.getpid(), "digest": release.digest})

    async def alive(_request: Request) -> Response:
        return JSONResponse({})

    async def ready(_request: Request) -> Response:
        return JSONResponse({}, 200 if runtime.ready()[0] and not runtime.memory.replace else 503)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield

    middleware = [Middleware(CountRequests, accounting=runtime.accounting)]
    routes = [Route("/who", who), Route("/worker", worker), Route("/fill", fill)]
    routes += [Route("/startupz", alive), Route("/livez", alive), Route("/readyz", ready)]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.runtime = runtime
    return app


if __name__ == "__main__":
    vars(slot)["preload"] = lambda: None  # it would import what this slot is light without
    sys.exit(serve_slot(sys.argv[1:], build))
