"""The agent server as an ASGI app, for one release."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import time
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mooring.release.release import Release
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.settings import Settings
from mooring.runtime.door import chat, conversations, health, runs
from mooring.runtime.door.admission import Admission
from mooring.runtime.door.calling import agent_of, agents_of
from mooring.runtime.door.middleware import Edge, on_http, on_problem
from mooring.runtime.door.paths import TrailingSlashes
from mooring.runtime.door.responses import endpoints as responses
from mooring.runtime.runtime import Runtime
from mooring.runtime.watch.accounting import CountRequests
from mooring.runtime.watch.tracing import Joined


def create_app(release: Release, settings: Settings) -> Starlette:
    """The app that serves a release; `app.state.runtime` is its Runtime, which starts and stops with the lifespan."""
    runtime = Runtime(release, settings)
    headers = {"x-mooring-release": release.digest, "x-mooring-slot": settings.slot}
    if runtime.simulated:
        headers["x-mooring-simulated"] = "true"
    middleware = [Middleware(TrailingSlashes), Middleware(CountRequests, accounting=runtime.accounting)]
    middleware.append(Middleware(Edge, headers=headers))
    middleware.append(Middleware(Admission, most=release.content.environment.serving.max_in_flight))
    if runtime.metrics.tracing.on:
        middleware.append(Middleware(Joined))
    app = Starlette(
        routes=[
            Route("/v1/chat/completions", chat.completions, methods=["POST"]),
            Route("/v1/responses", responses.create, methods=["POST"]),
            Route("/v1/responses/{id}", responses.show),
            Route("/v1/responses/{id}", responses.delete, methods=["DELETE"]),
            Route("/v1/responses/{id}/cancel", responses.cancel, methods=["POST"]),
            Route("/v1/responses/{id}/input_items", responses.show_input),
            Route("/v1/models", _models),
            Route("/v1/models/{name:path}", _model),
            Route("/agents/{name:path}/runs", runs.start, methods=["POST"]),
            Route("/conversations/{id}", conversations.show),
            Route("/conversations/{id}", conversations.delete, methods=["DELETE"]),
            Route("/runs/{id}", runs.show),
            Route("/runs/{id}/approve", runs.approve, methods=["POST"]),
            Route("/tickets/{id}", runs.ticket),
            Route("/runs/{id}/deny", runs.deny, methods=["POST"]),
            *health.routes(),
            Route("/metrics", _metrics),
        ],
        middleware=middleware,
        exception_handlers={Problem: on_problem, HTTPException: on_http},
        lifespan=_lifespan,
    )
    app.router.redirect_slashes = False
    app.state.runtime = runtime
    app.state.created = int(time())
    return app


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncGenerator[None]:
    runtime: Runtime = app.state.runtime
    await runtime.start()
    yield
    await runtime.close()


async def _models(request: Request) -> Response:
    """`GET /v1/models`: the agents that the caller may call."""
    return JSONResponse({"object": "list", "data": [_as_model(request, name) for name in agents_of(request)]})


async def _model(request: Request) -> Response:
    """`GET /v1/models/{name}`: one of them."""
    return JSONResponse(_as_model(request, agent_of(request, request.path_params["name"]).document.name))


def _as_model(request: Request, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": request.app.state.created, "owned_by": "mooring"}


async def _metrics(request: Request) -> Response:
    runtime: Runtime = request.app.state.runtime
    await runtime.health.count()
    return Response(runtime.metrics.text(), media_type=CONTENT_TYPE_LATEST)
