"""An answer as a stream of events.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html, "Parsing an event stream".
"""

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mooring.runtime.core.problems import Problem
from mooring.runtime.door.asked import Asked
from mooring.runtime.door.disconnect import watched
from mooring.runtime.door.facts import headers_of
from mooring.runtime.memory.store import StoredRun
from mooring.runtime.watch.accounting import BROKEN

CANCELLED = "run_cancelled"
"""The code of a run that somebody ended, which is no failure of the server's."""

_HEADERS = {"content-type": "text/event-stream", "cache-control": "no-store"}


Tools = Callable[[dict[str, Any]], Iterable[str]]
"""Events of what is told about a call of a tool: its beginning, and its end."""


class Words(Protocol):
    """What is sent when an answer begins, with each piece of its text, and when it ends well or not."""

    def begin(self, run: StoredRun) -> Iterable[str]: ...
    def piece(self, text: str) -> Iterable[str]: ...
    def end(self, run: StoredRun) -> Iterable[str]: ...
    def fail(self, run: StoredRun, problem: Problem) -> Iterable[str]: ...


class Events(Response):
    """A streamed answer. It begins with the first piece, so that an error before that is a plain error reply.

    With `tools`, which says in events what is told about a call of a tool, these are among the pieces.
    """

    def __init__(self, request: Request, asked: Asked, words: Words, tools: Tools | None = None) -> None:
        self.request, self.asked, self.words, self.tools = request, asked, words, tools
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pieces: asyncio.Queue[str | dict[str, Any] | None] = asyncio.Queue()
        if self.tools:
            self.asked.record.on_tool = pieces.put_nowait
        task = asyncio.create_task(self.asked.ended(pieces.put_nowait))
        task.add_done_callback(lambda _: pieces.put_nowait(None))
        async with watched(self.request, task, cancel=not self.asked.stays):
            first = await pieces.get()
            if task.cancelled():
                return
            if first is None and task.exception():
                task.result()
            await self._start(send)
            while first is not None:
                await _send(send, self._piece(first))
                first = await pieces.get()
            if not task.cancelled():
                await self._end(scope, send, task)

    def _piece(self, piece: str | dict[str, Any]) -> Iterable[str]:
        if isinstance(piece, str):
            return self.words.piece(piece)
        return self.tools(piece) if self.tools else ()

    async def _start(self, send: Send) -> None:
        run = self.asked.standing()
        headers = headers_of(run, streamed=True) | self.asked.replayed() | _HEADERS
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        await _send(send, self.words.begin(run))

    async def _end(self, scope: Scope, send: Send, task: "asyncio.Task[StoredRun]") -> None:
        error = task.exception()
        if error is None:
            await _send(send, self.words.end(task.result()))
        else:
            problem = error if isinstance(error, Problem) else Problem("internal_error", "the run failed")
            scope[BROKEN] = problem.code != CANCELLED
            await _send(send, self.words.fail(self.asked.standing(), problem))
        await send({"type": "http.response.body", "body": b""})


def data(value: dict[str, Any] | str, event: str = "") -> str:
    """One event, of a name if it has one."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {text}\n\n" if event else f"data: {text}\n\n"


def comment(text: str) -> str:
    """A line that clients skip."""
    return f": {text}\n\n"


async def _send(send: Send, events: Iterable[str]) -> None:
    for event in events:
        await send({"type": "http.response.body", "body": event.encode(), "more_body": True})
