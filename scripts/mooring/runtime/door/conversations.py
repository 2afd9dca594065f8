"""Conversations over HTTP: look at one, delete one."""

from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.calling import caller_of, number_in
from mooring.runtime.memory.conversations.conversations import Conversations
from mooring.runtime.memory.conversations.name import scoped

SHOWN = 100
"""Turns that are shown, the newest ones; `?turns=N` asks for more or fewer, up to 1000."""


async def show(request: Request) -> Response:
    """`GET /conversations/{id}`: its newest turns as texts, from the archive. Raises Problem."""
    conversations, name = _of(request), request.path_params["id"]
    kept = scoped(caller_of(request).tenant, name)
    header = await conversations.archive.header(kept)
    if header is None or not header.version or not caller_of(request).may_call(header.agent):
        raise _unknown(name)
    turns = await conversations.archive.turns(kept, last=number_in(request, "turns", 1000, SHOWN))
    said = [
        shown | {"created_at": turn.said}
        for turn in turns
        for message in ModelMessagesTypeAdapter.validate_json(turn.messages)
        for shown in _shown(message)
    ]
    head = {"id": name, "object": "conversation", "agent": header.agent, "turns": header.version}
    moments = {"created_at": header.created, "updated_at": header.updated}
    return JSONResponse(head | moments | {"messages": said})


async def delete(request: Request) -> Response:
    """`DELETE /conversations/{id}`: from memory and from the archive. Raises Problem."""
    caller, name = caller_of(request), request.path_params["id"]
    if caller.agents is not None:
        header = await _of(request).archive.header(scoped(caller.tenant, name))
        if header is None or not caller.may_call(header.agent):
            raise _unknown(name)
    await _of(request).delete(caller.tenant, name)
    return Response(status_code=204)


def _unknown(name: str) -> Problem:
    return Problem("conversation_not_found", f"there is no conversation {name[:64]!r}")


def _of(request: Request) -> Conversations:
    conversations: Conversations = request.app.state.runtime.conversations
    return conversations


def _shown(message: ModelMessage) -> list[dict[str, Any]]:
    """A message as texts by role."""
    shown: list[dict[str, Any]] = []
    for part in message.parts:
        match part:
            case UserPromptPart(content=str(text)):
                shown.append({"role": "user", "content": text})
            case TextPart(content=text):
                shown.append({"role": "assistant", "content": text})
            case ToolCallPart():
                shown.append({"role": "assistant", "tool": part.tool_name, "content": part.args_as_json_str()})
            case ToolReturnPart():
                shown.append({"role": "tool", "tool": part.tool_name, "content": part.model_response_str()})
    return shown
