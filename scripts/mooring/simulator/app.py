"""The whole simulator as one ASGI application."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from jinja2 import TemplateError
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mooring.simulator import wire
from mooring.simulator.chat import Chat, UnknownModel, refuse
from mooring.simulator.faults import FAULTS, Board, Fault
from mooring.simulator.request import BadRequest
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.services.database import Database
from mooring.simulator.services.documents import Service
from mooring.simulator.services.expressions import Clock
from mooring.simulator.services.server import mounted
from mooring.simulator.services.worlds import InWorld, Worlds

Handler = Callable[[Request, Exception], Response | Awaitable[Response]]


def utc_now() -> datetime:
    """The services' time where nobody sets it."""
    return datetime.now(UTC)


def create_app(
    book: Rulebook,
    world: Mapping[str, Service],
    state: Path,
    latency: float = 0.02,
    clock: Clock = utc_now,
    isolated: bool = False,
    board: Board | None = None,
) -> ASGIApp:
    """Model, services, faults and health; creates the services' database in the folder `state`.

    Where runs are `isolated`, none sees what another one did to the services. The faults are those of `board`.
    """
    database = (Worlds if isolated else Database)(state / "services.db")
    database.prepare()
    board = board or Board()
    routes = [
        *Chat(book, board, latency).routes(),
        Route("/health", _health),
        *_fault_routes(board, world),
        *(route for name, service in world.items() for route in mounted(name, service, database, clock, board)),
    ]
    handlers: dict[type[Exception], Handler] = {BadRequest: refuse, UnknownModel: refuse, TemplateError: _broken_rule}
    app = Stamped(Starlette(routes=routes, exception_handlers=handlers))
    return InWorld(app) if isolated else app


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


def _invalid(details: Iterable[str]) -> Response:
    return JSONResponse({"error": {"code": "invalid-fault", "message": "; ".join(details)}}, 422)


def _fault_routes(board: Board, services: Iterable[str]) -> list[Route]:
    there = sorted(services)

    async def show(_: Request) -> Response:
        return JSONResponse({"faults": board.data()})

    async def change(request: Request, apply: Callable[[list[Fault]], None]) -> Response:
        try:
            faults = FAULTS.validate_json(await request.body())
        except ValidationError as error:
            return _invalid([f"{'.'.join(map(str, d['loc']))}: {d['msg']}" for d in error.errors(include_url=False)])
        wanted = {fault.service for fault in faults if fault.service is not None}
        if unknown := sorted(wanted - set(there)):
            known = f"there are: {', '.join(there)}" if there else "there are none"
            return _invalid([f"service: no service {name} ({known})" for name in unknown])
        apply(faults)
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
