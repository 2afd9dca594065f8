"""One client's connection: uvicorn's HTTP protocol with a bound on everything that a client could drag out.

`Connections` looks at all of them once a second, which costs a request nothing. A connection that is slow within
these bounds is served; so is every one that waits for a long answer.
"""

import asyncio
import json
from collections.abc import Callable
from enum import Enum
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from mooring.runtime.core.problems import Problem

KEEP_ALIVE = 75
"""Seconds an idle connection may stay: longer than common clients keep theirs, so that they close first."""

CROWDED_KEEP_ALIVE = 5
"""The same when there is hardly room for others."""

HEAD_SECONDS = 10.0
"""From the first byte of a request to the end of its headers. The body has its own limit, in `body`."""

HEAD_LIMIT = 65536
"""Bytes of an incomplete request line and headers; one more read may already be buffered."""

LINGER_SECONDS = 3.0
"""Seconds during which the rest of a body is discarded after its answer, so that the client can read the answer."""

STALL_SECONDS = 20.0
"""Seconds that a client may leave sent data unread."""


class Phase(Enum):
    """Which part of a request the connection is reading: headers, body or nothing."""

    NOTHING = "nothing"
    HEAD = "head"
    BODY = "body"


class Connection(HttpToolsProtocol):
    """A connection. Its answers to what is no HTTP are errors of the same shape as all others.

    `ended` is called when it is closed.
    """

    ended: Callable[[], None]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's does
        super().connection_made(transport)
        self.phase = Phase.NOTHING
        self.since = self.loop.time()
        self._head = 0
        self._named = False
        self._unread = 0
        self._unread_since = self.since

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.ended()

    @property
    def answering(self) -> bool:
        """Whether a request has arrived and its answer is not complete."""
        return self.cycle is not None and not self.cycle.response_complete

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self.phase is Phase.NOTHING:
            self._enter(Phase.HEAD)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.refuse(Problem("invalid_http", "what was sent is not HTTP/1.1"))
            return
        except httptools.HttpParserUpgrade:
            self.cycle.keep_alive = False  # nothing else is spoken here, and the parser reads no further
        if self.phase is Phase.HEAD:
            self._head += len(data)
            if self._head > HEAD_LIMIT:
                self.refuse(Problem("headers_too_large", f"the headers of a request may have {HEAD_LIMIT} bytes"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._enter(Phase.HEAD)
        self._named = True

    def on_headers_complete(self) -> None:
        self._enter(Phase.BODY)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._enter(Phase.NOTHING)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self.since = self.loop.time()
        super().on_response_complete()

    def refuse(self, problem: Problem) -> None:
        """Answers outside of the app, and closes. An answer that is under way is not disturbed, but is the last."""
        if self.transport.is_closing():
            return
        if self.answering and (self.pipeline or self.cycle.response_started or self.phase is not Phase.BODY):
            self.cycle.keep_alive = False
            return
        body = json.dumps(problem.body()).encode()
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
        self.transport.write(STATUS_LINE[problem.status] + lines + b"\r\n" + body)
        self.transport.close()

    def look(self, now: float, crowded: bool) -> None:
        """Closes it when its client exceeds a limit."""
        if self._stalled(now):
            self.transport.abort()
        elif self.answering or self.transport.is_closing():
            return
        elif self.phase is Phase.NOTHING:
            if now - self.since > (CROWDED_KEEP_ALIVE if crowded else KEEP_ALIVE):
                self.transport.close()
        elif self.phase is Phase.BODY:
            if now - self.since > LINGER_SECONDS:
                self.transport.close()
        elif now - self.since > HEAD_SECONDS:
            # Stray line ends after a request are no request, and an answer would be taken for the next one's.
            late = Problem("request_timeout", f"the headers did not arrive within {HEAD_SECONDS:g} seconds")
            self.refuse(late) if self._named else self.transport.close()

    def _enter(self, phase: Phase) -> None:
        if phase is Phase.HEAD and self.phase is not Phase.HEAD:
            self._head, self._named = 0, False
        if phase is not self.phase:
            self.since = self.loop.time()
        self.phase = phase

    def _stalled(self, now: float) -> bool:
        """Whether nothing of what waits to be sent has left for too long."""
        unread = self.transport.get_write_buffer_size()
        if unread == 0 or unread < self._unread or self._unread == 0:
            self._unread_since = now
        self._unread = unread
        return unread > 0 and now - self._unread_since > STALL_SECONDS


class Connections:
    """The open connections of a slot. `most` is how many there may be; others wait in the kernel's queue.

    `fewer` is called when one was closed.
    """

    def __init__(self, config: Any, state: ServerState, most: int) -> None:
        self._config, self._state = config, state
        self.most = most
        self.app_state: dict[str, Any] = {}
        self.fewer: Callable[[], None] = lambda: None

    def new(self) -> asyncio.Protocol:
        """The protocol for one more connection."""
        made = Connection(self._config, self._state, self.app_state)
        made.ended = self.fewer
        return made

    def __len__(self) -> int:
        return len(self._state.connections)

    @property
    def crowded(self) -> bool:
        """Whether there is hardly room for more: then answers close their connections, and idle ones are closed."""
        return 4 * len(self) > 3 * self.most

    def look(self) -> None:
        """Closes those whose clients exceed a limit."""
        now, crowded = asyncio.get_running_loop().time(), self.crowded
        for connection in list(self._state.connections):
            if isinstance(connection, Connection):
                connection.look(now, crowded)

    def shutdown(self) -> None:
        """Closes idle ones, and the others after their answer."""
        for connection in list(self._state.connections):
            connection.shutdown()
