"""The whole simulator as one ASGI application."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import TemplateError
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, request_response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.simulator import wire
from mooring.simulator.chat import Chat, UnknownModel, refuse
from mooring.simulator.faults import FAULTS, Board, Fault
from mooring.simulator.faulty import FaultyService
from mooring.simulator.request import BadRequest
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.services.answers import Clock
from mooring.simulator.services.database import Database
from mooring.simulator.services.oncall import create_oncall
from mooring.simulator.services.runbooks import runbooks
from mooring.simulator.services.shop import create_shop

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


def _now() -> datetime:
    return datetime.now(UTC)


def create_app(book: Rulebook, state: Path, latency: float = 0.02, clock: Clock = _now) -> ASGIApp:
    """Model, services, faults and health; creates the services' database in the folder `state`."""
    database = Database(state / "services.db")
    database.prepare()
    board = Board()
    routes = [
        *Chat(book, board, latency).routes(),
        Route("/health", _health),
        *_fault_routes(board),
        Mount("/services/shop", FaultyService(create_shop(database, clock), "shop", board)),
        Mount("/services/oncall", FaultyService(create_oncall(database, clock), "oncall", board)),
        Route("/services/runbooks", FaultyService(request_response(runbooks), "runbooks", board)),
    ]
    handlers: dict[type[Exception], Handler] = {BadRequest: refuse, UnknownModel: refuse, TemplateError: _broken_rule}
    return Stamped(Starlette(routes=routes, exception_handlers=handlers))


class Stamped:
    """Every answer says that it is simulated."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def stamp(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), (b"x-simulated", b"true")]
            await send(message)

        await self.app(scope, receive, stamp)


async def _health(_: Request) -> Response:
    return JSONResponse({"status": "ok", "simulated": True})


async def _broken_rule(_: Request, error: Exception) -> Response:
    return JSONResponse(wire.error(f"A rule of the simulator failed: {error}", "rule_failed", kind="server_error"), 500)


def _fault_routes(board: Board) -> list[Route]:
    async def show(_: Request) -> Response:
        return JSONResponse({"faults": board.data()})

    async def change(request: Request, apply: Callable[[list[Fault]], None]) -> Response:
        try:
            apply(FAULTS.validate_json(await request.body()))
        except ValidationError as error:
            details = [f"{'.'.join(map(str, d['loc']))}: {d['msg']}" for d in error.errors(include_url=False)]
            return JSONResponse({"error": {"code": "invalid-fault", "message": "; ".join(details)}}, 422)
        return await show(request)

    async def put(request: Request) -> Response:
        return await change(request, board.replace)

    async def post(request: Request) -> Response:
        return await change(request, board.add)

    async def delete(request: Request) -> Response:
        board.replace([])
        return await show(request)

    return [
        Route("/faults", put, methods=["PUT"]),
        Route("/faults", post, methods=["POST"]),
        Route("/faults", show, methods=["GET"]),
        Route("/faults", delete, methods=["DELETE"]),
    ]
