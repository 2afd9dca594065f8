"""`/mcp`: a server of the Model Context Protocol over Streamable HTTP, whose tools are the agents.

It keeps no session: every request brings all that its answer needs, so the next one may arrive at another process, of
another release, and a switch is not noticed. What a session would be for is therefore absent: there is no stream to
GET and nothing to DELETE (405, as the protocol allows), and `notifications/cancelled` of the older protocols, which
comes as a request of its own, is accepted and does nothing. A client that closes the connection of a call has left;
its run is cancelled or finishes, as the profile says. Long runs report progress. Tasks are not offered: the SDK knows
their types and neither its server nor its client dispatches them.

Source: the Model Context Protocol specification, "Transports: Streamable HTTP" and its security warning.
"""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from mcp_types import INVALID_REQUEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from mooring.release.release import Release
from mooring.runtime.core.problems import Problem
from mooring.runtime.door.calling import CALLER, runtime_of
from mooring.runtime.door.mcp.calls import RUN, Calls
from mooring.runtime.door.parse import SIZE_LIMIT, read

INSTRUCTIONS = """\
Each tool is an agent. Ask it with `message`; it knows nothing of earlier calls unless they name the same
`conversation`. A result whose status is `awaiting-approval` goes on once a person has approved.
"""

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Endpoint:
    """ASGI app of one release; `run` is its life."""

    def __init__(self, release: Release) -> None:
        calls = Calls(release.content)
        server = Server(
            "mooring",
            version=release.digest,
            description=release.content.environment.description,
            instructions=INSTRUCTIONS,
            on_list_tools=calls.list,
            on_call_tool=calls.call,
            get_tool_input_schema=lambda _: None,  # no argument is asked for in a header
        )
        self._manager = StreamableHTTPSessionManager(server, stateless=True, max_request_body_size=SIZE_LIMIT)

    def run(self) -> AbstractAsyncContextManager[None]:
        """Must be entered, once, before the first request."""
        return self._manager.run()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if refusal := await TransportSecurityMiddleware(_trusted(request)).validate_request(request):
            await refusal(scope, receive, send)
            return
        try:
            if request.method != "POST":
                raise Problem("method_not_allowed", "send each message by POST")
            body = await read(request)
        except Problem as problem:
            await _refusal(problem)(scope, receive, send)
            return
        await self._manager.handle_request(scope, _replayed(body, receive), _ours(send))
        if run := scope.get(RUN):
            # Its client may have left it: then it is a request that is being answered until the run has ended.
            await asyncio.wait({run.answer})


def _trusted(request: Request) -> TransportSecuritySettings:
    """Which `Host` and `Origin` a request may have.

    Without access everybody on this machine may call, but no page that a browser shows there: not from another
    origin, and not by a name that its owner lets resolve to this machine. No such page has a key, so behind keys the
    server may have any name, and pages of that name may call it.
    """
    declared = runtime_of(request).release.content.environment.serving.origins
    if CALLER in request.scope:
        host = request.headers.get("host", "")
        hosts, origins = [host], [f"https://{host}", f"http://{host}", *declared]
    else:
        hosts = [name for host in _LOOPBACK for name in (host, f"{host}:*")]
        origins = [*(f"http://{name}" for name in hosts), *declared]
    return TransportSecuritySettings(allowed_hosts=hosts, allowed_origins=origins)


def _refusal(problem: Problem) -> Response:
    """An error of what carries the messages, as one of JSON-RPC that answers none of them."""
    error = {"code": INVALID_REQUEST, "message": str(problem), "data": {"code": problem.code}}
    content = json.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    headers = {"allow": "POST"} if problem.status == HTTPStatus.METHOD_NOT_ALLOWED else None
    return Response(content, problem.status, headers, "application/json")


def _replayed(body: bytes, receive: Receive) -> Receive:
    """What the client sent, its body first and in one piece."""
    pieces: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def next_one() -> Message:
        return pieces.pop() if pieces else await receive()

    return next_one


def _ours(send: Send) -> Send:
    """Leaves the connection to the server: a stream that says `keep-alive` may come from a slot that is ending."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name.lower() != b"connection"]
            message = {**message, "headers": headers}
        await send(message)

    return sent
