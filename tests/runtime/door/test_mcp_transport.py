"""What carries the messages of MCP: limits, refusals, clients that leave, and switches between slots."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.runtime.door.offering import offering
from tests.runtime.sample import limits

ACCEPT = {"accept": "application/json, text/event-stream"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
NEWEST = "2026-07-28"


def call(tool: str = "support", **more: Any) -> dict[str, Any]:
    """A call as the protocol without a handshake has it."""
    about = {"protocolVersion": NEWEST, "clientCapabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    meta = {f"io.modelcontextprotocol/{name}": value for name, value in about.items()}
    params = {"name": tool, "arguments": {"message": "hi"}, "_meta": meta} | more
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def headers(version: str | None, tool: str = "support") -> dict[str, str]:
    """Headers of a call."""
    named = {"mcp-protocol-version": version, "mcp-method": "tools/call", "mcp-name": tool} if version else {}
    return {**ACCEPT, "content-type": "application/json", **named}


VERSIONS = pytest.mark.parametrize("version", [None, NEWEST])


def test_an_environment_that_does_not_ask_for_it_has_no_such_path(serve):
    answer = serve().http.post("/mcp", json=PING, headers=ACCEPT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT", "OPTIONS"])
@VERSIONS
def test_there_is_no_stream_to_open_and_no_session_to_delete(offer, method, version):
    serving = offer()
    answer = serving.http.request(method, "/mcp", headers={"mcp-session-id": "x"} | headers(version))
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json()["error"]["data"] == {"code": "method_not_allowed"}
    assert serving.settled()["answered"] == 1


@pytest.mark.parametrize("origin", ["http://evil.example", "https://localhost.evil.example", "null", "file://"])
@VERSIONS
def test_a_page_of_another_origin_is_refused(offer, stub, origin, version):
    serving = offer()
    answer = serving.http.post("/mcp", json=call(), headers=headers(version) | {"origin": origin})
    assert answer.status_code == 403
    assert not stub.requests


@pytest.mark.parametrize("name", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "0.0.0.0:80"])
@VERSIONS
def test_a_name_that_resolves_to_this_machine_is_refused(offer, stub, name, version):
    assert offer().http.post("/mcp", json=call(), headers=headers(version) | {"host": name}).status_code == 421
    assert not stub.requests


@pytest.mark.parametrize("name", ["localhost", "localhost:8420", "127.0.0.1", "[::1]:8420"])
def test_names_and_pages_of_this_machine_may_call(offer, name):
    known = ACCEPT | {"host": name, "origin": f"http://{name}"}
    assert offer().http.post("/mcp", json=PING, headers=known).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, -32700),
        (b"{", 400, -32700),
        (b"\xff", 400, -32700),
        (b"[" * 100_000, 400, -32700),
        (b"[]", 400, None),
        (b"7", 400, None),
        (b"{}", 400, None),
        (json.dumps([PING, PING]).encode(), 400, None),
        (b'{"jsonrpc": "1.0", "id": 1, "method": "ping"}', 400, None),
        (b" " * 10_000_000, 413, -32600),
    ],
)
@VERSIONS
def test_what_is_no_message_is_an_error_of_json_rpc(offer, body, status, code, version):
    serving = offer()
    answer = serving.http.post("/mcp", content=body, headers=headers(version))
    assert answer.status_code == status
    error = answer.json()
    assert error["id"] is None
    assert error["error"]["code"] == code if code else error["error"]["code"] in (-32600, -32602)
    assert serving.settled()["failed"] == 0


def test_what_the_client_does_not_accept_or_does_not_declare_is_refused(offer):
    http = offer().http
    assert http.post("/mcp", json=PING, headers={"accept": "text/html"}).status_code == 406
    assert http.post("/mcp", content=b"{}", headers=ACCEPT | {"content-type": "text/plain"}).status_code == 400
    assert http.post("/mcp", json=PING, headers=headers("1999-01-01")).status_code == 400


def test_methods_that_are_not_served_are_not_found(offer):
    answer = offer().http.post("/mcp", json=PING | {"method": "tasks/list"}, headers=ACCEPT)
    error = json.loads(answer.text.split("data: ")[1])
    assert error["error"]["code"] == -32601


@VERSIONS
def test_notifications_are_taken_and_change_nothing(offer, version):
    body = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}}
    answer = offer().http.post("/mcp", json=body, headers=headers(version))
    assert (answer.status_code, answer.content) == (202, b"")


@pytest.mark.slow
@VERSIONS
def test_a_client_that_leaves_ends_its_run(open_door, stub, reply, post, version):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"}), delay=0.3))
    door = open_door(mcp=True)
    with door.connect() as client:
        client.send(post(call(), "/mcp", **sent(version)))
        door.until(lambda: stub.requests)
    door.until(lambda: door.runtime.accounting.in_flight == 0)
    assert door.runtime.accounting.abandoned == 1
    asyncio.run(asyncio.sleep(0.4))
    assert not stub.services


@pytest.mark.slow
@VERSIONS
def test_a_client_that_leaves_a_profile_that_finishes_is_still_a_request_in_flight(
    open_door, stub, reply, post, version
):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"}), delay=0.3), reply("done", delay=0.2))
    stub.script("shop", reply(body={}))
    door = open_door(mcp=True, onDisconnect="finish")
    with door.connect() as client:
        client.send(post(call(), "/mcp", **sent(version)))
        door.until(lambda: stub.requests)
    door.until(lambda: len(stub.requests) == 2)
    assert stub.services
    assert door.runtime.busy() == 1
    door.until(lambda: door.runtime.busy() == 0)
    assert door.runtime.accounting.abandoned == 1


@VERSIONS
def test_a_slow_body_is_refused_in_time(open_door, post, version, monkeypatch):
    monkeypatch.setattr("mooring.runtime.door.parse.READ_SECONDS", 0.1)
    door = open_door(mcp=True)
    with door.connect() as client:
        client.send(post(call(), "/mcp", **sent(version))[:-5])
        status, _, body = client.answer()
    assert (status, body["error"]["data"]) == (408, {"code": "request_timeout"})


def test_calls_beyond_the_limit_are_told_when_to_come_back(open_door, stub, reply, post):
    stub.script("primary-1", reply("hello", delay=0.4))
    door = open_door(requests=1, mcp=True)
    with door.connect() as busy, door.connect() as client:
        busy.send(post(call(), "/mcp", **sent(NEWEST)))
        door.until(lambda: door.runtime.accounting.in_flight == 1)
        status, retry, body = client.send(post(call(), "/mcp", **sent(NEWEST))).answer()
        assert (status, retry["retry-after"], body["error"]["code"]) == (429, "1", "too_many_requests")
        result = busy.answer()[2]["result"]
    assert result["content"] == [{"type": "text", "text": "hello"}]


def test_runs_that_nobody_waits_for_count_against_calls(open_door, stub, reply, post):
    stub.script("primary-1", reply("hello", delay=0.4))
    door = open_door(requests=2, mcp=True)
    with door.connect() as client:
        for _ in range(2):
            assert client.send(post({"message": "hi"}, "/agents/support/runs")).answer()[0] == 202
        result = client.send(post(call(), "/mcp", **sent(NEWEST))).answer()[2]["result"]
    assert (result["isError"], result["structuredContent"]["error"]["code"]) == (True, "too_many_requests")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_a_switch_between_two_calls_and_in_the_middle_of_one_is_not_noticed(host, stub, reply, build, tmp_path, mode):
    stub.script("primary-1", reply("hello", delay=0.3))
    release = offering(build(ladder=limits(3)))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        blue, green = (
            host(create_app(release, Settings(slot, tmp_path / "state", stub.url, {})), listening=listening.dup())
            for slot in ("blue", "green")
        )
        green.accept(False)

        async def talk() -> list[Any]:
            asked = {"message": "hi", "conversation": "one"}
            async with Client(f"http://127.0.0.1:{blue.address[1]}/mcp", mode=mode) as client:
                first = await client.call_tool("support", asked)
                under_way = asyncio.create_task(client.call_tool("support", asked))
                await asyncio.to_thread(blue.until, lambda: blue.runtime.accounting.in_flight)
                await asyncio.to_thread(green.accept, True)
                await asyncio.to_thread(blue.accept, False)
                second = await under_way
                third = await client.call_tool("support", asked)
                return [result.structured_content["answer"] for result in (first, second, third)]

        assert asyncio.run(talk()) == ["hello"] * 3
        assert blue.runtime.accounting.data()["failed"] == green.runtime.accounting.data()["failed"] == 0
        assert green.runtime.accounting.received == 1
        contents = [message["content"] for message in stub.asked("primary-1")[-1]["messages"]]
        assert contents[1:] == ["Customer: hi", "hello"] * 2 + ["Customer: hi"]


@VERSIONS
def test_a_durable_run_of_a_slot_that_ends_is_interrupted_and_not_cancelled(stub, reply, build, tmp_path, version):
    stub.script("primary-1", reply("hello", delay=1))
    release = offering(build(checkpoint={"mode": "durable"}, deadlineSeconds=20, ladder=limits(10)))

    async def scenario() -> str:
        app = create_app(release, Settings("blue", tmp_path / "state", stub.url, {}))
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://localhost") as http:
            async with app.router.lifespan_context(app):
                asked = asyncio.create_task(http.post("/mcp", json=call(), headers=headers(version)))
                while not stub.requests:  # noqa: ASYNC110 - the stub is in another thread
                    await asyncio.sleep(0.01)
            return (await asked).text

    text = asyncio.run(scenario())
    assert "run_interrupted" in text
    assert "run_cancelled" not in text


@VERSIONS
def test_a_slot_that_ends_tells_clients_to_leave_and_keeps_nobody(open_door, post, version):
    door = open_door(mcp=True)
    with door.connect() as client:
        client.send(post(call(), "/mcp", **sent(version)))
        door.until(lambda: door.runtime.accounting.answered == 1)
        live = client.socket.recv(65536).decode()
        door.accept(False)
        head = client.send(post(call(), "/mcp", **sent(version))).rest().decode().partition("\r\n\r\n")[0]
    assert "connection: " not in live.lower()
    assert [line for line in head.lower().split("\r\n") if line.startswith("connection")] == ["connection: close"]
    asyncio.run_coroutine_threadsafe(door.serving.stop(20, 0, door.runtime.busy), door.loop).result(2)


def sent(version: str | None) -> dict[str, str]:
    """Headers of a call that is sent by hand."""
    return {**headers(version), "host": "localhost"}


SCRIPT = """
import sys, asyncio, json
from pathlib import Path
import httpx2
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.process.preload import preload
from tests.runtime.door.offering import offering
from tests.runtime.sample import sample

async def main(state):
    app = create_app(sample(), Settings("blue", state, "http://127.0.0.1:9", {}))
    preload()
    without = [name for name in sys.modules if name.split(".")[0] in ("mcp", "mcp_types", "sse_starlette")]
    app = create_app(offering(sample()), Settings("blue", state, "http://127.0.0.1:9", {}))
    preload()
    known = set(sys.modules)
    transport = httpx2.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx2.AsyncClient(transport=transport) as http:
        for method in ("ping", "tools/list", "nothing"):
            message = {"jsonrpc": "2.0", "id": 1, "method": method}
            accept = {"accept": "application/json, text/event-stream"}
            answer = await http.post("http://localhost/mcp", json=message, headers=accept)
            assert answer.status_code == 200, answer.text
        for message, headers in json.loads(sys.argv[2]):
            answer = await http.post("http://localhost/mcp", json=message, headers=headers)
            assert answer.status_code == 200, answer.text
    later = [name for name in set(sys.modules) - known if name.split(".")[0] in ("mcp", "mcp_types", "sse_starlette")]
    print(json.dumps([without, later]))

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.mark.slow
def test_the_library_is_loaded_where_it_is_asked_for_and_before_traffic(tmp_path: Path):
    root = Path(__file__).parents[3]
    environ = os.environ | {"PYTHONPATH": f"{root / 'scripts'}:{root}"}
    calls = json.dumps([(call(), headers(NEWEST)), (call(), headers(None))])
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), calls]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [[], []]
