"""`POST /v1/chat/completions`: an agent as a model that any OpenAI client can call.

Source: https://platform.openai.com/docs/api-reference/chat, "The chat completion object" and "Streaming".
"""

import asyncio
import json
import time
from dataclasses import asdict
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from mooring.runtime.agent.served import Served
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.record import Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.door.body import ChatBody
from mooring.runtime.door.calling import agent_of, record_of, runtime_of
from mooring.runtime.door.disconnect import watched
from mooring.runtime.door.parse import parse
from mooring.runtime.memory.run import DONE, WAITING
from mooring.runtime.runtime import Runtime
from mooring.runtime.watch.accounting import BROKEN

CLIENT_GONE = 499
"""Nobody sees this status; it is nginx's for a client that closed the connection."""


async def completions(request: Request) -> Response:
    """Answers a conversation, as one JSON object or as a stream of events."""
    body = await parse(request, ChatBody)
    served = agent_of(request, body.model)
    exchange = Exchange(runtime_of(request), served, body, record_of(request, served))
    if body.stream:
        return Events(request, exchange)
    task = asyncio.create_task(exchange.answer(exchange.turn, None))
    async with watched(request, task, served.profile):
        await asyncio.wait({task})
    if task.cancelled():
        return Response(status_code=CLIENT_GONE)
    return JSONResponse(exchange.completion(task.result()), headers=exchange.headers())


class Exchange:
    """One chat request being answered: the run, and the shapes of what is sent."""

    def __init__(self, runtime: Runtime, served: Served, body: ChatBody, record: Record) -> None:
        self.runtime, self.served, self.body, self.record = runtime, served, body, record
        self.turn: Turn = body.turn()
        self._head = {
            "id": f"chatcmpl-{record.run}",
            "created": int(time.time()),
            "model": body.model,
            "system_fingerprint": f"fp_{runtime.release.digest[7:19]}",
        }

    async def answer(self, turn: Turn, pieces: "asyncio.Queue[str | None] | None") -> Answer:
        """Runs the agent; when the wait for it is cancelled, so is the run."""
        tell = pieces.put_nowait if pieces else None
        run = await self.runtime.runs.begin(self.served, turn, self.record, tell)
        try:
            return await self.runtime.runs.answered(run)
        except asyncio.CancelledError:
            run.cancel()
            raise

    def headers(self) -> dict[str, str]:
        """What is known of the run when the answer begins."""
        record = self.record
        known = {"x-mooring-run": record.run}
        # A stream may be finished by another rung: its last chunk and the comment after it say by which.
        known["x-mooring-first-rung" if self.body.stream else "x-mooring-rung"] = record.rung
        if record.cached:
            known["x-mooring-cached-age"] = str(record.cached["age_seconds"])
        if record.ticket:
            known["x-mooring-ticket"] = record.ticket
        if record.conversation:
            known["x-mooring-conversation"] = record.conversation
        return known

    def completion(self, answer: Answer) -> dict[str, Any]:
        """The whole answer."""
        message = {"role": "assistant", "content": answer.text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": answer.finish}
        head = self._head | {"object": "chat.completion"}
        return head | {"choices": [choice], "usage": self.usage(), "mooring": self.facts(answer)}

    def chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> dict[str, Any]:
        """A piece of a streamed answer."""
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return self._head | {"object": "chat.completion.chunk", "choices": [choice]} | more

    def last_chunks(self, answer: Answer) -> list[dict[str, Any]]:
        """What ends a stream: the reason, and the usage when it was asked for."""
        chunks = [self.chunk({}, answer.finish, mooring=self.facts(answer))]
        if self.body.stream_options and self.body.stream_options.include_usage:
            chunks.append(self.chunk({}) | {"choices": [], "usage": self.usage()})
        return chunks

    def usage(self) -> dict[str, int]:
        """Tokens of all model calls of the run."""
        used = self.record.usage
        total = used.input_tokens + used.output_tokens
        return {"prompt_tokens": used.input_tokens, "completion_tokens": used.output_tokens, "total_tokens": total}

    def facts(self, answer: Answer) -> dict[str, Any]:
        """What OpenAI's objects have no place for: the run, its rung and cost, and approvals it waits for."""
        status = WAITING if answer.approvals else DONE
        approvals = [asdict(approval) for approval in answer.approvals]
        record = self.record
        known = {"run": record.run, "status": status, "rung": record.rung, "approvals": approvals}
        written = record.written or [{"rung": record.rung, "characters": len(answer.text)}]
        how = {"rescued": record.rescued, "written": written, "cached": record.cached, "ticket": record.ticket}
        return known | how | {"cost_usd": round(record.usage.cost_usd, 9)}


class Events(Response):
    """A streamed answer. It begins with the first text, so that an error before that is a plain error reply."""

    def __init__(self, request: Request, exchange: Exchange) -> None:
        self.request, self.exchange = request, exchange
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        exchange = self.exchange
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        task = asyncio.create_task(exchange.answer(exchange.turn, pieces))
        task.add_done_callback(lambda _: pieces.put_nowait(None))
        async with watched(self.request, task, exchange.served.profile):
            first = await pieces.get()
            if task.cancelled():
                return
            if first is None and task.exception():
                task.result()
            await self._start(send)
            while first is not None:
                await _event(send, exchange.chunk({"content": first}))
                first = await pieces.get()
            if not task.cancelled():
                await self._end(scope, send, task)

    async def _start(self, send: Send) -> None:
        headers = self.exchange.headers() | {"content-type": "text/event-stream", "cache-control": "no-store"}
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await _event(send, self.exchange.chunk({"role": "assistant", "content": ""}))

    async def _end(self, scope: Scope, send: Send, task: "asyncio.Task[Answer]") -> None:
        error = task.exception()
        if error is None:
            for chunk in self.exchange.last_chunks(task.result()):
                await _event(send, chunk)
            await _comment(send, f"x-mooring-rung: {self.exchange.record.rung}")
            await _event(send, "[DONE]")
        else:
            scope[BROKEN] = True
            problem = error if isinstance(error, Problem) else Problem("internal_error", "the run failed")
            await _event(send, problem.body())
        await send({"type": "http.response.body", "body": b""})


async def _comment(send: Send, text: str) -> None:
    """A line that clients skip (https://html.spec.whatwg.org/multipage/server-sent-events.html, "Parsing")."""
    await send({"type": "http.response.body", "body": f": {text}\n\n".encode(), "more_body": True})


async def _event(send: Send, data: dict[str, Any] | str) -> None:
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    await send({"type": "http.response.body", "body": f"data: {text}\n\n".encode(), "more_body": True})
