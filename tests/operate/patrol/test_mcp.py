"""Servers of the Model Context Protocol whose tools are, or are not, as Tool documents say."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import uvicorn
from mcp.server.mcpserver import MCPServer
from mcp.types import ToolAnnotations

from mooring.operate.patrol.looks.mcp_list import differing
from mooring.release.content import ReleaseContent
from mooring.runtime.agent.tools.mcp import PROTOCOL, SESSION
from mooring.spec import Tool
from mooring.spec.tool import McpBind
from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import closed, http_server
from tests.repository import until

TOOL: dict[str, Any] = {
    "apiVersion": "mooring/v1",
    "kind": "Tool",
    "name": "search",
    "version": "1.0.0",
    "description": "Searches.",
    "owner": "@desk/desk",
    "annotations": {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False},
    "bind": {"type": "mcp", "server": "books", "tool": "search"},
    "outputSchema": {},
}
LIST = {"kind": "mcp-list", "okBelowSeconds": 10, "alarmAboveSeconds": 10}


def books(**hints: bool) -> MCPServer:
    """The official server with one tool."""
    server = MCPServer("books")

    @server.tool(annotations=ToolAnnotations(**hints) if hints else None)
    def search(q: str, limit: int = 3) -> list[str]:
        return [q] * limit

    return server


@contextmanager
def served(server: MCPServer, **how: Any) -> Iterator[int]:
    app = server.streamable_http_app(streamable_http_path="/", **how)
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    until(lambda: running.started)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    thread.join(20)


def bound(looked: Round, port: int, *, tool: str = "search", **properties: dict[str, Any]) -> Round:
    """Patrols of an environment with one tool, which is bound to a server at a port."""
    data = looked.around.content.model_dump(mode="json")
    name, document = next((name, one) for name, one in data["tools"].items() if one["annotations"]["readOnlyHint"])
    document["bind"] = {"type": "mcp", "server": "books", "tool": tool}
    document["inputSchema"] = {"type": "object", "properties": properties or {"q": {"type": "string"}}}
    data["tools"] = {name: document}
    data["environment"]["services"] = {"books": f"http://127.0.0.1:{port}/"}
    looked.around.content = ReleaseContent.model_validate(data)
    return looked


@pytest.mark.parametrize("how", [{}, {"json_response": True}, {"stateless_http": True}], ids=str)
def test_a_list_that_is_as_documents_say_is_ok(looked: Round, how: dict[str, bool]) -> None:
    with served(books(), **how) as port:
        (found,) = bound(looked, port)({"name": "servers", **LIST})
    assert (found.last.check, found.standing.state) == ("servers/books", "ok")
    assert found.last.detail == "1 of 1 tools are used, and are as documents say"


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ({"limit": {"type": "integer"}}, "'search' requires 'q', which find_order does not pass"),
        ({"q": {"type": "integer"}}, "'search' takes 'q' as string, and find_order passes integer"),
    ],
)
def test_other_arguments_are_an_alarm(looked: Round, properties: dict[str, Any], said: str) -> None:
    with served(books()) as port:
        state, detail = bound(looked, port, **properties).one(LIST)
    assert (state, detail.replace("-", "_").replace("desk/", "")) == ("alarm", said)


@pytest.mark.parametrize(
    ("ours", "theirs", "fits"),
    [
        ("string", ["string", "null"], True),
        (["string", "null"], "string", False),
        ("integer", "number", True),
        (["integer", "null"], ["number", "null"], True),
        ("number", "integer", False),
    ],
)
def test_a_server_may_take_more_types_than_are_passed(ours: Any, theirs: Any, fits: bool) -> None:
    tool = Tool.model_validate(TOOL | {"inputSchema": {"type": "object", "properties": {"q": {"type": ours}}}})
    assert isinstance(tool.bind, McpBind)
    listed = {"inputSchema": {"type": "object", "properties": {"q": {"type": theirs}}}}
    assert (list(differing(tool, tool.bind, listed)) == []) == fits


class Silent(BaseHTTPRequestHandler):
    """Opens a session, and says nothing more, to the end of it either."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["method"] != "initialize":
            self.server.stopped.wait(30)  # type: ignore[attr-defined]
            return
        result = {"protocolVersion": PROTOCOL, "capabilities": {}, "serverInfo": {"name": "books", "version": "1"}}
        body = json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}).encode()
        self.send_response(200)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", len(body)), (SESSION, "one")):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self) -> None:
        self.server.stopped.wait(30)  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.mark.slow
def test_a_server_that_hangs_after_its_session_was_opened_holds_up_nobody(looked: Round) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        server.stopped = threading.Event()  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        began = time.monotonic()
        state, detail = bound(looked, server.server_port).one({**LIST, "timeoutSeconds": 0.5})
        took = time.monotonic() - began
        server.stopped.set()  # type: ignore[attr-defined]
        server.shutdown()
    assert (state, "no answer within" in detail) == ("alarm", True), detail
    assert took < 20, "neither its tools nor its end were waited for"


def test_a_tool_that_is_gone_is_an_alarm(looked: Round) -> None:
    with served(books()) as port:
        state, detail = bound(looked, port, tool="find").one(LIST)
    assert (state, "does not list 'find'" in detail) == ("alarm", True)


def test_a_tool_that_has_begun_to_change_something_is_an_alarm(looked: Round) -> None:
    with served(books(readOnlyHint=False, destructiveHint=True)) as port:
        state, detail = bound(looked, port).one(LIST)
    assert state == "alarm"
    assert "changes something" in detail
    assert "may destroy something" in detail


def test_a_server_that_is_away_or_speaks_otherwise_is_an_alarm_with_its_reason(looked: Round) -> None:
    port = closed()
    assert bound(looked, port).one(LIST)[1] == f"cannot list its tools: 127.0.0.1:{port} refuses connections"
    with http_server(lambda *_: (200, "hello")) as port:
        state, detail = bound(looked, port).one(LIST)
    assert (state, "did not answer with JSON" in detail) == ("alarm", True)


def test_a_session_is_ended_at_the_server(looked: Round) -> None:
    server = books()
    with served(server) as port:
        bound(looked, port).one(LIST)
        until(lambda: not server.session_manager._server_instances)


def test_where_no_tool_is_bound_to_a_server_the_check_says_so(looked: Round) -> None:
    assert looked.one(LIST)[0] == "unknown"
