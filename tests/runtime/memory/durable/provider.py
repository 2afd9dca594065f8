"""A model and a tool service that count what they are asked, for agents that do several things."""

import asyncio
import json
import time
import uuid
from collections import Counter
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

STAGES: list[list[int]] = [[1, 2], [3]]
"""Amounts that are charged: two at once, then one; then there is an answer."""


class Provider:
    """Answers by what it is shown, as a model does; ids of calls are new each time. Down while `down` is set."""

    def __init__(self) -> None:
        self.url = ""
        self.models: Counter[tuple[str, int]] = Counter()
        self.effects: Counter[tuple[str, str, int]] = Counter()
        self.times: list[float] = []
        self.systems: set[str] = set()
        self.down = False
        self.delay = 0.0
        self.charge_delay = 0.0
        self.stages: list[list[int]] = STAGES

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/chat/completions", self._chat, methods=["POST"]),
                Route("/services/shop/orders/{order}/refund", self._charge, methods=["POST"]),
            ]
        )

    def asked(self, about: str) -> dict[int, int]:
        """How often the model was asked for each answer of the run `about`."""
        return {stage: count for (name, stage), count in sorted(self.models.items()) if name == about}

    def keys(self, about: str) -> dict[str, int]:
        """Idempotency keys of a run's effects, with how often each was sent."""
        return {key: count for (name, key, _), count in self.effects.items() if name == about}

    def charged(self, about: str) -> int:
        """What a service that knows keys has charged."""
        return sum(amount for name, _, amount in self.effects if name == about)

    async def _chat(self, request: Request) -> Response:
        body = await request.json()
        about = next(m["content"] for m in reversed(body["messages"]) if m["role"] == "user")
        about = about.removeprefix("Customer: ")
        stage = sum(message["role"] == "assistant" for message in body["messages"])
        self.models[about, stage] += 1
        self.times.append(time.monotonic())
        self.systems |= {message["content"] for message in body["messages"] if message["role"] == "system"}
        await asyncio.sleep(self.delay)
        if self.down:
            return JSONResponse({"error": {"message": "down"}}, 503)
        message, finish = self._message(about, stage)
        if body.get("stream"):
            return StreamingResponse(self._events(message, finish), media_type="text/event-stream")
        choice = {"index": 0, "message": message, "finish_reason": finish}
        return JSONResponse(_head("chat.completion") | {"choices": [choice], "usage": _USAGE})

    def _message(self, about: str, stage: int) -> tuple[dict[str, Any], str]:
        if stage >= len(self.stages):
            return {"role": "assistant", "content": f"{about}: all is done"}, "stop"
        calls = [
            {
                "index": number,
                "id": f"call_{uuid.uuid4().hex[:8]}",
                "type": "function",
                "function": {"name": "refund_order", "arguments": json.dumps({"order": about, "cents": cents})},
            }
            for number, cents in enumerate(self.stages[stage])
        ]
        return {"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls"

    async def _events(self, message: dict[str, Any], finish: str) -> Any:
        for word in (message.get("content") or "").split():
            yield _event({"content": f"{word} "}, None)
            await asyncio.sleep(self.delay)
        if message.get("tool_calls"):
            yield _event({"tool_calls": message["tool_calls"]}, None)
        yield _event({}, finish)
        yield "data: [DONE]\n\n"

    async def _charge(self, request: Request) -> Response:
        body = await request.json()
        self.times.append(time.monotonic())
        await asyncio.sleep(self.charge_delay)
        self.effects[request.path_params["order"], request.headers["idempotency-key"], body["cents"]] += 1
        return JSONResponse({"charged": body["cents"]})


_USAGE = {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}


def _head(kind: str) -> dict[str, Any]:
    return {"id": "p", "object": kind, "created": 1, "model": "primary-1"}


def _event(delta: dict[str, Any], finish: str | None) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return f"data: {json.dumps(_head('chat.completion.chunk') | {'choices': [choice], 'usage': None})}\n\n"
