"""A scripted server that plays the models and the tools' services."""

import asyncio
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass
class Reply:
    """What the stub answers once: a text or a tool call, or an error, after `delay` seconds.

    A stream has `pace` seconds between words. `cut` says how it ends after its words: broken off, with a chunk that is
    no JSON, hanging, or silently without a reason; for a tool call, in the middle of its arguments. What is not
    streamed is cut in its middle. `raw` is sent as it is.
    """

    text: str = ""
    tool: tuple[str, dict[str, Any]] | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    pace: float = 0.0
    cut: str = ""
    finish: str | None = None
    raw: str | None = None
    body: Any = None


class Stub:
    """An OpenAI-compatible server and tool services that say what a test told them to; the last reply repeats."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Reply]] = defaultdict(lambda: [Reply("hello")])
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.services: list[tuple[str, str, dict[str, str], Any]] = []
        self.url = ""

    def script(self, name: str, *replies: Reply) -> None:
        """Replies of a model by its id, or of a service by its name, one after the other."""
        self.scripts[name] = list(replies)

    def asked(self, model: str) -> list[dict[str, Any]]:
        """Bodies that a model was sent."""
        return [body for body in self.requests if body["model"] == model]

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/services/{path:path}", self._service, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ]
        )

    def _next(self, name: str) -> Reply:
        script = self.scripts[name]
        return script.pop(0) if len(script) > 1 else script[0]

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        reply = self._next(body["model"])
        await asyncio.sleep(reply.delay)
        if reply.status != 200:
            return JSONResponse(reply.body or {"error": {"message": "scripted"}}, reply.status, reply.headers)
        if reply.raw is not None:
            return Response(reply.raw, media_type="application/json")
        if body.get("stream"):
            return StreamingResponse(self._events(body, reply), media_type="text/event-stream")
        answer = JSONResponse(_completion(body["model"], reply))
        return _half(answer) if reply.cut else answer

    async def _events(self, body: Mapping[str, Any], reply: Reply) -> AsyncIterator[str]:
        for number, delta in enumerate(_deltas(reply)):
            await asyncio.sleep(reply.pace if number else 0)  # the first names the role, and comes at once
            yield _event(body["model"], delta, None)
        match reply.cut:
            case "broken":
                raise ConnectionResetError("scripted")
            case "garbage":
                yield "data: {not json\n\n"
            case "hanging":
                await asyncio.sleep(3)
            case "silent":
                return
        yield _event(body["model"], {}, _finish(reply), usage=_USAGE)
        yield "data: [DONE]\n\n"

    async def _service(self, request: Request) -> Response:
        text = await request.body()
        sent = json.loads(text) if text else dict(request.query_params)
        self.services.append((request.method, request.scope["raw_path"].decode(), dict(request.headers), sent))
        reply = self._next(request.path_params["path"].split("/")[0])
        await asyncio.sleep(reply.delay)
        if reply.raw is not None:
            return Response(reply.raw, reply.status, reply.headers)
        return JSONResponse(reply.body, reply.status, reply.headers)


def _half(answer: Response) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield bytes(answer.body[: len(answer.body) // 2])
        raise ConnectionResetError("scripted")

    return StreamingResponse(half(), headers={"content-length": str(len(answer.body))}, media_type="application/json")


_USAGE = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


def _call(reply: Reply) -> dict[str, Any]:
    name, arguments = reply.tool or ("", {})
    function = {"name": name, "arguments": json.dumps(arguments)[: -2 if reply.cut else None]}
    return {"index": 0, "id": f"call-{name}-{time.monotonic_ns()}", "type": "function", "function": function}


def _finish(reply: Reply) -> str:
    return reply.finish or ("tool_calls" if reply.tool else "stop")


def _completion(model: str, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": reply.text or None}
    if reply.tool:
        message["tool_calls"] = [_call(reply)]
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply)}
    head = {"id": "stub", "object": "chat.completion", "created": 1, "model": model}
    return head | {"choices": [choice], "usage": _USAGE}


def _deltas(reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": ""}
    for word in reply.text.split(" ") if reply.text else []:
        yield {"content": f"{word} "}
    if reply.tool:
        yield {"tool_calls": [_call(reply)]}


def _event(model: str, delta: dict[str, Any], finish: str | None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "stub", "object": "chat.completion.chunk", "created": 1, "model": model}
    return f"data: {json.dumps(head | {'choices': [choice]} | more)}\n\n"
