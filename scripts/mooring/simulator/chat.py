"""The endpoints of the simulated model: `/v1/chat/completions` and `/v1/models`."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import cache, lru_cache

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mooring.simulated import PROVIDER
from mooring.simulator import faulty, wire
from mooring.simulator.completion import Completion, complete
from mooring.simulator.faults import Board, Call, Fault
from mooring.simulator.request import BadRequest, ChatRequest, check
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.rules import Vendor

SAME = 512
"""Requests whose answers are remembered: load and drills ask the same again and again."""


class Chat:
    """Answers from a rulebook after `latency` seconds; a stream spreads them over its events."""

    def __init__(self, book: Rulebook, board: Board, latency: float) -> None:
        self.book, self.board, self.latency = book, board, latency
        self.answered = lru_cache(SAME)(self._answered)

    def _answered(self, body: bytes) -> tuple[ChatRequest, Callable[[], Completion]]:
        """A request, and what makes its answer, which is made once."""
        request = _parse(body)
        return request, cache(lambda: complete(self.book, request))

    def routes(self) -> list[Route]:
        return [
            Route("/v1/chat/completions", self.completions, methods=["POST"]),
            Route("/v1/models", self.models),
            Route("/v1/models/{model:path}", self.model),
        ]

    async def completions(self, http: Request) -> Response:
        request, answered = self.answered(await http.body())
        provider = self._provider(request.model, http.headers.get(PROVIDER))
        fault = self.board.draw(Call(request.model, provider))
        if (instead := await faulty.before(fault, http)) is not None:
            return instead
        completion = _spoilt(answered(), fault)
        headers = {"x-simulated-rule": completion.rule}
        if request.stream:
            include_usage = request.stream_options is not None and request.stream_options.include_usage
            events = list(wire.events(completion, include_usage))
            if fault and fault.kind == "unfinished":
                events.pop()
            stop = len(events) // 2 if fault and fault.kind == "cut-stream" else None
            return StreamingResponse(self._stream(events, stop), 200, headers, "text/event-stream")
        await asyncio.sleep(self.latency)
        response = JSONResponse(wire.whole(completion), headers=headers)
        return faulty.cut(response) if fault and fault.kind == "cut-stream" else response

    async def _stream(self, events: list[str], stop: int | None) -> AsyncIterator[str]:
        for index, event in enumerate(events):
            if index == stop:
                raise faulty.Cut
            await asyncio.sleep(self.latency / len(events))
            yield event

    async def models(self, _: Request) -> Response:
        ids = [id_ for vendor in self.book.vendors for id_ in vendor.ids]
        return JSONResponse({"object": "list", "data": [wire.model(id_) for id_ in ids]})

    async def model(self, http: Request) -> Response:
        id_ = http.path_params["model"]
        self._vendor(id_)
        return JSONResponse(wire.model(id_))

    def _provider(self, model: str, said: str | None) -> str:
        """Who answers: by the rule files, else as a slot says of a model that they do not know."""
        vendor = self.book.vendor(model)
        return vendor.provider if vendor else said or self._vendor(model).provider

    def _vendor(self, model: str) -> Vendor:
        vendor = self.book.vendor(model)
        if vendor is None:
            raise UnknownModel(model)
        return vendor


class UnknownModel(Exception):
    """No vendor of the rulebook has this model."""


def _parse(body: bytes) -> ChatRequest:
    """The request; BadRequest names the first parameter that is wrong."""
    try:
        request = ChatRequest.model_validate_json(body)
    except ValidationError as error:
        detail = error.errors(include_url=False)[0]
        if detail["type"] == "json_invalid":
            raise BadRequest("We could not parse the JSON body of your request.") from None
        param = ".".join(str(step) for step in detail["loc"])
        raise BadRequest(f"Invalid '{param}': {detail['msg']}", param) from None
    check(request)
    return request


def _spoilt(completion: Completion, fault: Fault | None) -> Completion:
    """The completion as a fault of its content leaves it."""
    match fault.kind if fault else None:
        case "empty":
            return replace(completion, content="", calls=(), finish_reason="stop")
        case "wrong-content" if fault:
            return replace(completion, content=fault.content, calls=(), finish_reason="stop")
        case "truncated":
            half = completion.content[: len(completion.content) // 2]
            return replace(completion, content=half, calls=(), finish_reason="length")
        case "unfinished":
            return replace(completion, finish_reason=None)
    return completion


async def refuse(_: Request, error: Exception) -> JSONResponse:
    """400 for BadRequest, 404 for UnknownModel, in the endpoint's own words."""
    if isinstance(error, UnknownModel):
        message = f"The model `{error}` does not exist or you do not have access to it."
        return JSONResponse(wire.error(message, "model_not_found"), 404)
    param = error.param if isinstance(error, BadRequest) else None
    return JSONResponse(wire.error(str(error), None, param), 400)
