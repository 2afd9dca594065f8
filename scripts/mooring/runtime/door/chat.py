"""`POST /v1/chat/completions`: an agent as a model that any OpenAI client can call.

Source: https://platform.openai.com/docs/api-reference/chat, "The chat completion object" and "Streaming".
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.runtime.core.problems import Problem
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.asked import Asked
from mooring.runtime.door.body import ChatBody, StreamOptions
from mooring.runtime.door.calling import agent_of
from mooring.runtime.door.disconnect import watched
from mooring.runtime.door.events import Events, comment, data
from mooring.runtime.door.facts import facts, headers_of
from mooring.runtime.door.parse import parse
from mooring.runtime.memory.run import text_of
from mooring.runtime.memory.store import StoredRun

CLIENT_GONE = 499
"""Nobody sees this status; it is nginx's for a client that closed the connection."""


async def completions(request: Request) -> Response:
    """Answers a conversation, as one JSON object or as a stream of events."""
    body = await parse(request, ChatBody)
    served, turn = agent_of(request, body.model), body.turn()

    async def prepare(_: Asked) -> Turn:
        return turn

    asked = Asked(request, served, prepare, body.user)
    if body.stream:
        options = body.stream_options or StreamOptions()
        chunks = Chunks(body.model, options.include_usage)
        return Events(request, asked, chunks, chunks.tool if options.include_tools else None)
    task = asyncio.create_task(asked.ended())
    async with watched(request, task, cancel=not asked.stays):
        await asyncio.wait({task})
    if task.cancelled():
        return Response(status_code=CLIENT_GONE)
    run = task.result()
    return JSONResponse(completion(run, body.model), headers=headers_of(run) | asked.replayed())


def completion(run: StoredRun, model: str) -> dict[str, Any]:
    """The whole answer."""
    message = {"role": "assistant", "content": text_of(run), "refusal": None}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": run.data["finish"]}
    head = _head(run, model) | {"object": "chat.completion"}
    return head | {"choices": [choice], "usage": usage(run), "mooring": facts(run)}


class Chunks:
    """A streamed answer. `usage` says whether the client asked for that, which comes in a chunk of its own."""

    def __init__(self, model: str, usage: bool) -> None:
        self._model, self._usage = model, usage
        self._head: dict[str, Any] = {}

    def begin(self, run: StoredRun) -> Iterable[str]:
        self._head = _head(run, self._model) | {"object": "chat.completion.chunk"}
        yield data(self._chunk({"role": "assistant", "content": ""}))

    def piece(self, text: str) -> Iterable[str]:
        yield data(self._chunk({"content": text}))

    def tool(self, call: dict[str, Any]) -> Iterable[str]:
        """What is told about a call of a tool, in a chunk without text."""
        yield data(self._chunk({}) | {"mooring": {"tool": call}})

    def end(self, run: StoredRun) -> Iterable[str]:
        """The reason why it ends, which rung it was in the end, and the usage when it was asked for."""
        yield data(self._chunk({}, run.data["finish"]) | {"mooring": facts(run)})
        if self._usage:
            yield data(self._chunk({}) | {"choices": [], "usage": usage(run)})
        yield comment(f"x-mooring-rung: {run.data['rung']}")
        yield data("[DONE]")

    def fail(self, _: StoredRun, problem: Problem) -> Iterable[str]:
        yield data(problem.body())

    def _chunk(self, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._head | {"choices": [choice]}


def usage(run: StoredRun) -> dict[str, int]:
    """Tokens of all model calls of the run."""
    sent, got = run.data["usage"]["input_tokens"], run.data["usage"]["output_tokens"]
    return {"prompt_tokens": sent, "completion_tokens": got, "total_tokens": sent + got}


def _head(run: StoredRun, model: str) -> dict[str, Any]:
    fingerprint = f"fp_{run.release[7:19]}"
    return {"id": f"chatcmpl-{run.id}", "created": int(run.created), "model": model, "system_fingerprint": fingerprint}
