"""The agent server as an ASGI app, for one release."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from time import time
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from mooring.release.release import Release
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.access.guards import RATES, guard, outside
from mooring.runtime.door.access.usage import of_slot
from mooring.runtime.door.admission import Admission
from mooring.runtime.door.middleware import Edge, Paths, on_http, on_problem
from mooring.runtime.door.table import ENDPOINTS
from mooring.runtime.runtime import Runtime
from mooring.runtime.watch.accounting import CountRequests
from mooring.runtime.watch.tracing import Joined

if TYPE_CHECKING:
    from mooring.runtime.door.mcp.endpoint import Endpoint


def create_app(release: Release, settings: Settings) -> Starlette:
    """The app that serves a release; `app.state.runtime` is its Runtime, which starts and stops with the lifespan."""
    runtime = Runtime(release, settings)
    headers = {"x-mooring-release": release.digest, "x-mooring-slot": settings.slot}
    if runtime.simulated:
        headers["x-mooring-simulated"] = "true"
    middleware = [Middleware(Paths), *outside(runtime), Middleware(Edge, headers=headers), guard(runtime)]
    middleware.append(Middleware(CountRequests, accounting=runtime.accounting))
    usage = of_slot(settings.state / RATES, settings.slot, settings.workers)
    middleware.append(Middleware(Admission, most=release.content.environment.serving.max_in_flight, usage=usage))
    if runtime.metrics.tracing.on:
        middleware.append(Middleware(Joined))
    mcp = _mcp(release)
    app = Starlette(
        routes=[
            *(Route(each.path, each.handler, methods=[each.method]) for each in ENDPOINTS),
            *([Route("/mcp", mcp)] if mcp else []),
        ],
        middleware=middleware,
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.runtime = runtime
    app.state.mcp = mcp
    app.state.endpoints = ENDPOINTS
    app.state.created = int(time())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    runtime: Runtime = app.state.runtime
    await runtime.start()
    async with app.state.mcp.run() if app.state.mcp else nullcontext():
        yield
        # Runs are interrupted, for another process to go on with, before the calls that wait for them are cancelled.
        await runtime.close()


def _mcp(release: Release) -> "Endpoint | None":
    """The agents as tools, where the environment offers them so: the library takes half a second and 22 MiB."""
    if not release.content.environment.serving.mcp:
        return None
    from mooring.runtime.door.mcp.endpoint import Endpoint

    return Endpoint(release)
