"""`/v1/responses`: an answer is made, asked for again, cancelled and deleted."""

import asyncio
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.asked import Asked, Keep
from mooring.runtime.door.calling import agent_of, caller_of, number_in, runtime_of
from mooring.runtime.door.chat import CLIENT_GONE
from mooring.runtime.door.disconnect import watched
from mooring.runtime.door.events import CANCELLED, Events
from mooring.runtime.door.facts import headers_of
from mooring.runtime.door.parse import parse
from mooring.runtime.door.responses.body import ResponseBody, items
from mooring.runtime.door.responses.previous import found, taken_up
from mooring.runtime.door.responses.stream import Frames
from mooring.runtime.door.responses.view import as_response, input_items
from mooring.runtime.door.runs import admit
from mooring.runtime.memory.conversations.name import named, own
from mooring.runtime.memory.store import StoredRun

PAGE = 20
"""Items of an input that are listed at once, unless `?limit` says otherwise."""


async def create(request: Request) -> Response:
    """`POST /v1/responses`: the answer, its events, or with `background` the promise of one."""
    body = await parse(request, ResponseBody)
    served, turn = agent_of(request, body.model), body.turn()
    conversation = named(body.named)

    async def prepare(asked: Asked) -> Turn:
        if body.background:
            admit(asked.runtime)
        return await _placed(asked, turn, conversation, body) if body.stored else turn

    origin = {"response": _origin(body, turn)}
    keep = Keep.SURELY if body.background else Keep.IF_POSSIBLE if body.stored else Keep.AS_EVER
    asked = Asked(request, served, prepare, body.user, keep, origin, stays=bool(body.background))
    if body.stream:
        return Events(request, asked, Frames())
    if body.background:
        await asked.begin()
        return _reply(asked.standing(), asked.replayed())
    task = asyncio.create_task(asked.ended())
    async with watched(request, task, cancel=not asked.stays):
        await asyncio.wait({task})
    if task.cancelled():
        return Response(status_code=CLIENT_GONE)
    error = task.exception()
    ended = isinstance(error, Problem) and error.code == CANCELLED
    return _reply(asked.standing() if ended else task.result(), asked.replayed())


async def show(request: Request) -> Response:
    """`GET /v1/responses/{id}`: a response of either slot, as it stands."""
    if request.query_params.get("stream", "false") != "false":
        raise Problem("unsupported_parameter", "what was streamed is not streamed again: ask without", "stream")
    return _reply(await _found(request))


async def cancel(request: Request) -> Response:
    """`POST /v1/responses/{id}/cancel`: ends a response that is being made; one that has ended stays as it is."""
    run = await _found(request)
    return _reply(await runtime_of(request).runs.cancel(run.id, caller_of(request).tenant))


async def delete(request: Request) -> Response:
    """`DELETE /v1/responses/{id}`: the response alone. Its turn is deleted with its conversation."""
    run = await _found(request)
    await runtime_of(request).runs.forget(run.id, caller_of(request).tenant)
    return JSONResponse({"id": request.path_params["id"], "object": "response", "deleted": True})


async def show_input(request: Request) -> Response:
    """`GET /v1/responses/{id}/input_items`: what was asked; the newest first unless `?order=asc`."""
    listed = input_items(await _found(request))
    query = request.query_params
    if (order := query.get("order", "desc")) not in ("asc", "desc"):
        raise Problem("invalid_request", "order is asc or desc", "order")
    limit = number_in(request, "limit", 100, PAGE)
    if order == "desc":
        listed.reverse()
    if after := query.get("after"):
        places = [index for index, item in enumerate(listed) if item["id"] == after]
        if not places:
            raise Problem("not_found", "after is the id of an item of this input", "after")
        listed = listed[places[0] + 1 :]
    page = listed[:limit]
    ends = {"first_id": page[0]["id"] if page else None, "last_id": page[-1]["id"] if page else None}
    return JSONResponse({"object": "list", "data": page, "has_more": len(page) < len(listed)} | ends)


async def _placed(asked: Asked, turn: Turn, conversation: str | None, body: ResponseBody) -> Turn:
    """The turn in its conversation: the one that is named, that of an earlier response, or its own. Raises Problem."""
    if conversation:
        return replace(turn, conversation=conversation)
    if body.previous_response_id:
        place = await taken_up(asked.runtime, body.previous_response_id, asked.record.tenant)
        if place:
            return replace(turn, conversation=place[0], after=place[1])
    mine = own(asked.record.run)
    if turn.history:
        try:
            await asked.runtime.conversations.begin(asked.served.profile, asked.record, mine, turn.history)
        except Problem:
            LOGGER.exception("conversation not kept", extra={"conversation": mine})
            asked.origin |= {"kept": False}
            return turn
    return replace(turn, conversation=mine, history=())


def _origin(body: ResponseBody, turn: Turn) -> dict[str, Any]:
    """What is kept with the run, to show the response again."""
    if not body.stored:
        return {"store": False}
    return {
        "store": True,
        "background": bool(body.background),
        "metadata": body.metadata or {},
        "named": body.conversation is not None,
        "previous": body.previous_response_id,
        "input": [list(text) for text in items(turn)],
    }


async def _found(request: Request) -> StoredRun:
    response = request.path_params["id"]
    run = await found(runtime_of(request), response, caller_of(request).tenant)
    if run is None or not caller_of(request).may_call(run.agent):
        raise Problem("response_not_found", f"there is no response {response[:80]!r}")
    return run


def _reply(run: StoredRun, more: dict[str, str] | None = None) -> Response:
    return JSONResponse(as_response(run), headers=headers_of(run) | (more or {}))
