"""Faults made real: responses that come late, broken, or not at all."""

import asyncio
from collections.abc import AsyncIterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from mooring.simulator.faults import Board, Call, Fault
from mooring.simulator.wire import error


class Cut(Exception):
    """The connection is broken off in the middle of an answer; the server closes it without an end."""


async def before(fault: Fault | None, request: Request) -> Response | None:
    """What a fault does instead of the work, or None when the work is to be done; waits where the fault is slow."""
    if fault is None:
        return None
    if fault.kind == "latency":
        await asyncio.sleep(fault.seconds)
    elif fault.kind == "hang":
        await gone(request)
        raise HTTPException(503, "hung")
    elif fault.kind == "status":
        return JSONResponse(error("Simulated fault.", "simulated_fault", kind=_kind(fault.status)), fault.status)
    elif fault.kind == "retry-after":
        body = error("Rate limit reached (simulated).", "rate_limit_exceeded", kind="requests")
        return JSONResponse(body, 429, {"Retry-After": f"{fault.seconds:g}"})
    elif fault.kind == "malformed":
        return Response(b'{"id": "simulated", "choices": [{"index": 0, "mess', media_type="application/json")
    return None


async def gone(request: Request) -> None:
    """Waits until the client hangs up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def cut(response: Response) -> Response:
    """The response, broken off after half of its body."""
    body = bytes(response.body)

    async def half() -> AsyncIterator[bytes]:
        yield body[: len(body) // 2]
        await asyncio.sleep(0)
        raise Cut

    headers = {"content-length": str(len(body))}
    return StreamingResponse(half(), response.status_code, headers, response.media_type)


def _kind(status: int) -> str:
    return {401: "authentication_error", 403: "permission_error", 429: "requests"}.get(status, "server_error")


class FaultyService:
    """A service to which the faults on the board happen."""

    def __init__(self, app: ASGIApp, name: str, board: Board) -> None:
        self.app = app
        self.name = name
        self.board = board

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        fault = self.board.draw(Call(service=self.name))
        if fault is None or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        instead = await before(fault, Request(scope, receive))
        if instead is None and fault.kind == "latency":
            await self.app(scope, receive, send)
            return
        response = instead or _spoilt(fault)
        await response(scope, receive, send)


def _spoilt(fault: Fault) -> Response:
    """What a service answers under a fault that spoils the body."""
    if fault.kind == "empty":
        return Response(b"", 200, media_type="application/json")
    if fault.kind == "wrong-content":
        return JSONResponse({"unexpected": fault.content})
    return cut(JSONResponse({"simulated": "cut " * 50}))
