"""A service of a world as an ASGI application, with the faults on the board happening to it."""

import asyncio
import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, request_response
from starlette.routing import Route as HttpRoute

from mooring.simulator.faults import Board
from mooring.simulator.faulty import FaultyService
from mooring.simulator.services.call import Wrong, answer, checked, typed
from mooring.simulator.services.database import Database, Records
from mooring.simulator.services.documents import Route, Service
from mooring.simulator.services.expressions import Clock, Expressions
from mooring.simulator.services.mcp import Server


def mounted(name: str, service: Service, database: Database, clock: Clock, board: Board) -> list[BaseRoute]:
    """The service under `/services/<name>`, and at that path itself, where whoever looks at its health asks."""
    path = f"/services/{name}"
    if service.tools:
        server = request_response(Server(name, service, database, clock).answer)
        return [HttpRoute(path, FaultyService(server, name, board))]
    faulty = FaultyService(create_service(name, service, database, clock), name, board)
    return [HttpRoute(path, faulty), Mount(path, faulty)]


def create_service(name: str, service: Service, database: Database, clock: Clock) -> Starlette:
    """The HTTP service by itself."""
    http = Http(name, service, database, clock)
    routes = [HttpRoute(route.path, http.handler(route), methods=[route.method]) for route in service.routes]
    return Starlette(routes=routes, exception_handlers={Wrong: _refuse})


class Http:
    """Answers requests from the records; times are those of the clock."""

    def __init__(self, name: str, service: Service, database: Database, clock: Clock) -> None:
        self.name, self.service, self.database, self.clock = name, service, database, clock

    def handler(self, route: Route) -> Any:
        """The function that answers requests to a route."""

        async def handle(request: Request) -> Response:
            body = await request.body()
            return await asyncio.to_thread(self._answer, route, request, body)

        return handle

    def _answer(self, route: Route, request: Request, body: bytes) -> Response:
        given = typed(route, request.query_params.multi_items()) if route.method == "GET" else _json(body)
        given = checked(route, given)
        path, key = request.url.path, request.headers.get("idempotency-key")
        with self.database.transaction() as connection:
            records = Records(connection, self.name)
            if route.insert and (before := records.done(path, key)) is not None:
                return JSONResponse(before, 201, {"Idempotent-Replay": "true"})
            found = answer(route, Expressions(self.service, records, self.clock), given, request.path_params)
            if route.insert and key is not None:
                records.note(path, key, found)
        return JSONResponse(found, 201 if route.insert else 200)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise Wrong(400, "no-json", "The body is no JSON.") from None


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    status, code = (error.status, error.code) if isinstance(error, Wrong) else (500, "internal")
    return JSONResponse({"error": {"code": code, "message": str(error)}}, status)
