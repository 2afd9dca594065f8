"""What the server says of itself: its agents, its metrics and its API."""

import asyncio
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.runtime.door.calling import agent_of, agents_of, runtime_of
from mooring.runtime.door.openapi.document import document
from mooring.runtime.watch.merged import Merged
from mooring.runtime.watch.reading import families


async def models(request: Request) -> Response:
    """`GET /v1/models`: the agents that the caller may call."""
    return JSONResponse({"object": "list", "data": [_as_model(request, name) for name in agents_of(request)]})


async def model(request: Request) -> Response:
    """`GET /v1/models/{name}`: one of them."""
    return JSONResponse(_as_model(request, agent_of(request, request.path_params["name"]).document.name))


async def metrics(request: Request) -> Response:
    """`GET /metrics`: in the manner of Prometheus, of all workers of the slot."""
    runtime = runtime_of(request)
    others, _ = await asyncio.gather(runtime.others.samples(), runtime.health.count())
    if not others:
        return Response(runtime.metrics.text(), media_type=CONTENT_TYPE_LATEST)
    own = runtime.others.worker
    merged = Merged(own, {**others, own: families(runtime.metrics.registry)})
    return Response(merged.text(), media_type=CONTENT_TYPE_LATEST)


async def description(request: Request) -> Response:
    """`GET /openapi.json`: every endpoint. Made in a thread, since that takes a moment."""
    release, agents = runtime_of(request).release, agents_of(request)
    secured = getattr(release.content.environment, "access", None) is not None
    about = (release.digest, secured, agents[0] if agents else "")
    return JSONResponse(await asyncio.to_thread(document, request.app.state.endpoints, *about))


def _as_model(request: Request, name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": request.app.state.created, "owned_by": "mooring"}
