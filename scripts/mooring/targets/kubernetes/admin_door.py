"""The admin door of a pod over TCP: the routes of a slot's private door, for whoever shows the token.

JSON over plain HTTP within the cluster; a NetworkPolicy says who may come near, the token who is answered.
"""

import hmac
import json
import socket
from collections.abc import Mapping
from inspect import isawaitable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from mooring.runtime.door.serving import Serving
from mooring.runtime.process.unix_http import MAX_BODY, Handler, problem
from mooring.targets.kubernetes.names import ADMIN_HEADER

MOST = 64
"""Connections at once."""

_HEADER = ADMIN_HEADER.lower().encode()


class AdminDoor:
    """An ASGI app. `token` is compared in constant time; without it, nothing is read and nothing is said."""

    def __init__(self, routes: Mapping[str, Handler], token: str) -> None:
        if not token:
            raise ValueError("an admin door needs a token")
        self._routes, self._token = routes, token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for kind in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{kind}.complete"})
        elif not self._may(scope):
            await _say(send, 401, {"message": f"show the token in the header {ADMIN_HEADER}"}, close=True)
        elif (handler := self._routes.get(route := f"{scope['method']} {scope['path']}")) is None:
            await _say(send, 404, {"message": f"no {route[:80]} here; there is {', '.join(sorted(self._routes))}"})
        elif (body := await _body(receive)) is None:
            await _say(send, 413, {"message": f"a body may have {MAX_BODY} bytes"}, close=True)
        else:
            await _say(send, *await _answer(route, handler, body))

    def _may(self, scope: Scope) -> bool:
        shown = [value for name, value in scope["headers"] if name == _HEADER]
        return len(shown) == 1 and hmac.compare_digest(shown[0], self._token)


async def opened(listening: socket.socket, routes: Mapping[str, Handler], token: str) -> Serving:
    """Answers at a socket from now on."""
    serving = Serving(AdminDoor(routes, token), listening, MOST)
    await serving.start()
    serving.acceptor.on()
    return serving


async def _body(receive: Receive) -> bytes | None:
    """The whole body; None when it is too long."""
    parts, size = [], 0
    while True:
        message: Message = await receive()
        part = message.get("body", b"")
        size += len(part)
        if size > MAX_BODY:
            return None
        parts.append(part)
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(route: str, handler: Handler, body: bytes) -> tuple[int, Any]:
    try:
        data = json.loads(body) if body else {}
        if not isinstance(data, dict):
            return 400, {"message": "the body is no JSON object"}
        answer = handler(data)
        return 200, await answer if isawaitable(answer) else answer
    except Exception as error:  # noqa: BLE001 - the door must outlive any bug behind it
        return problem(route, error)


async def _say(send: Send, status: int, value: Any, close: bool = False) -> None:
    data = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(data)).encode())]
    headers += [(b"connection", b"close")] if close else []
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": data})
