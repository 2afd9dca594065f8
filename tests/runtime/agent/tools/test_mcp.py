"""Tools of servers that speak the Model Context Protocol: the official one, and ones that behave badly."""

import asyncio
import contextlib
import json

import pytest
from mcp.server.mcpserver import Context, MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

BIND = {"type": "mcp", "server": "books", "tool": "search"}
PROFILE = {"tools": {"tries": 1}}


def official(**how):
    """A server of the official library with two tools; its sessions are in the manager's hands."""
    server = MCPServer("books")

    @server.tool()
    def search(q: str) -> dict[str, list[str]]:
        if q == "nothing":
            raise ToolError("there is no such book")
        return {"found": [q, q.upper()]}

    @server.tool(structured_output=False)
    def key(context: Context) -> str:
        return str(context.request_context.meta)

    @server.tool()
    async def slow() -> str:
        await asyncio.sleep(30)
        return "late"

    return server.streamable_http_app(streamable_http_path="/", **how), server


@pytest.mark.parametrize(
    "how", [{}, {"json_response": True}, {"stateless_http": True}], ids=["events", "json", "stateless"]
)
def test_a_tool_of_the_official_server_is_called(host, on, how):
    url = host(official(**how)[0])

    async def work(bench):
        assert await bench.call("a", q="sea") == {"found": ["sea", "SEA"]}
        both = list(await asyncio.gather(bench.call("b", q="x"), bench.call("c", q="y")))
        assert both == [{"found": ["x", "X"]}, {"found": ["y", "Y"]}]
        assert "there is no such book" in await bench.call("d", q="nothing")
        assert bench.outcomes == ["done", "done", "done", "failed"]
        assert bench.tool.circuit.state == "closed"

    on(work, BIND, services={"books": f"{url}/"}, profile=PROFILE)


def test_the_idempotency_key_is_sent_with_the_call(host, on):
    url = host(official()[0])

    async def work(bench):
        assert "refund-A-1" in await bench.call(order="A-1")

    bind = BIND | {"tool": "key"}
    on(work, bind, services={"books": f"{url}/"}, profile=PROFILE, idempotencyKey="refund-{order}")


@pytest.mark.slow
def test_a_tool_that_hangs_is_stopped_and_the_server_is_still_of_use(host, on):
    url = host(official()[0])

    async def work(bench):
        assert await bench.call() == "find_order did not answer within 1 seconds"

    on(work, BIND | {"tool": "slow"}, services={"books": f"{url}/"}, profile=PROFILE, timeoutSeconds=1)


def test_a_tool_that_the_server_does_not_have_is_told(host, on):
    url = host(official()[0])

    async def work(bench):
        assert "other" in await bench.call()
        assert bench.outcomes == ["failed"]

    on(work, BIND | {"tool": "other"}, services={"books": f"{url}/"}, profile=PROFILE)


class Server:
    """Shakes hands as it should, and answers calls as `answer(number)` says."""

    def __init__(self, answer, session=True):
        self.answer, self.session, self.asked = answer, session, []

    async def post(self, request):
        body = await request.json()
        self.asked.append((body["method"], request.headers.get("mcp-session-id")))
        if body["method"] == "initialize":
            sessions = sum(method == "initialize" for method, _ in self.asked)
            headers = {"mcp-session-id": f"session-{sessions}"} if self.session else {}
            result = {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": {"name": "x", "version": "1"}}
            return JSONResponse({"jsonrpc": "2.0", "id": body["id"], "result": result}, headers=headers)
        if body["method"].startswith("notifications/"):
            return Response(status_code=202)
        return self.answer(body["id"])

    @property
    def app(self):
        return Starlette(routes=[Route("/", self.post, methods=["POST"])])


def result(number, *texts, **more):
    content = [{"type": "text", "text": text} for text in texts]
    return {"jsonrpc": "2.0", "id": number, "result": {"content": content, **more}}


def events(*messages):
    text = "".join(f"event: message\ndata: {json.dumps(message)}\n\n" for message in messages)
    return Response(text, media_type="text/event-stream")


TOO_LARGE = "the result is larger than 65536 bytes; ask for less"
ANSWERS = {
    "text": (lambda n: JSONResponse(result(n, "plain")), "plain"),
    "digits": (lambda n: JSONResponse(result(n, "12")), "12"),
    "json": (lambda n: JSONResponse(result(n, '{"a": 1}')), {"a": 1}),
    "structure": (lambda n: JSONResponse(result(n, "x", structuredContent={"a": 2})), {"a": 2}),
    "ping": (lambda n: events({"jsonrpc": "2.0", "id": n, "method": "ping"}, {"a": 1}, result(n, "after")), "after"),
    "failure": (lambda n: JSONResponse(result(n, "no\x1b[31m", isError=True)), "no[31m"),
    "silent failure": (lambda n: JSONResponse(result(n, isError=True)), "the tool failed and did not say why"),
    "image": (
        lambda n: JSONResponse({"id": n, "result": {"content": [{"type": "image", "data": "x"}]}}),
        "[image that is no text was left out]",
    ),
    "error": (lambda n: JSONResponse({"id": n, "error": {"message": "bad"}}), "the server refused: bad"),
    "other": (lambda n: JSONResponse(result(n + 7, "x")), "the server did not answer in the Model Context Protocol"),
    "torn": (lambda n: events({"method": "note"}), "the server broke off before it answered"),
    "html": (lambda n: Response("<html>"), "the service did not answer with JSON"),
    "large": (lambda n: JSONResponse(result(n, "y" * 70_000)), TOO_LARGE),
    "huge": (lambda n: JSONResponse(result(n, "y" * 700_000)), TOO_LARGE),
    "huge event": (lambda n: events(result(n, "y" * 700_000)), TOO_LARGE),
    "away": (lambda n: Response(status_code=503), "HTTP 503: "),
}


@pytest.mark.parametrize(("answer", "value"), ANSWERS.values(), ids=ANSWERS)
def test_what_a_server_answers_is_told_to_the_agent(host, on, answer, value):
    url = host(Server(answer).app)

    async def work(bench):
        assert await bench.call() == value

    on(work, BIND, services={"books": f"{url}/"}, profile=PROFILE)


@pytest.mark.slow
def test_a_stream_that_never_ends_is_left(host, on):
    async def pieces():
        with contextlib.suppress(asyncio.CancelledError):
            while True:
                yield b": still there\n\n"
                await asyncio.sleep(0.01)

    url = host(Server(lambda number: StreamingResponse(pieces(), media_type="text/event-stream")).app)

    async def work(bench):
        assert await bench.call() == "find_order did not answer within 1 seconds"

    on(work, BIND, services={"books": f"{url}/"}, profile=PROFILE, timeoutSeconds=1)


def test_a_session_that_the_server_forgot_is_opened_anew(host, on):
    forgotten = [True]

    def answer(number):
        return Response(status_code=404) if forgotten and forgotten.pop() else JSONResponse(result(number, "well"))

    server = Server(answer)

    async def work(bench):
        assert await bench.call("a") == "well"
        assert await bench.call("b") == "well"

    on(work, BIND, services={"books": f"{host(server.app)}/"}, profile=PROFILE)
    opening = [("initialize", None), ("notifications/initialized", "session-{}"), ("tools/call", "session-{}")]
    first, second = ([(method, name and name.format(n)) for method, name in opening] for n in (1, 2))
    assert server.asked == [*first, *second, ("tools/call", "session-2")]


def test_a_server_without_sessions_is_not_asked_again_where_there_is_nothing(host, on):
    server = Server(lambda number: Response(status_code=404), session=False)

    async def work(bench):
        assert await bench.call() == "HTTP 404: "

    on(work, BIND, services={"books": f"{host(server.app)}/"}, profile=PROFILE)
    assert len(server.asked) == 3


def test_a_server_that_was_away_is_asked_again(host, on):
    away = [True]

    def answer(number):
        return Response(status_code=503) if away and away.pop() else JSONResponse(result(number, "back"))

    async def work(bench):
        assert await bench.call() == "back"

    on(work, BIND, services={"books": f"{host(Server(answer).app)}/"})
