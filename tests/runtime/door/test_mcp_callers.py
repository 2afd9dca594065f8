"""A caller sees and calls as tools what it may call, and what it begins is its tenant's alone."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.runtime.door.access.conftest import with_access
from tests.runtime.door.offering import offering
from tests.runtime.hosting import Serving

KEY = "{}-0123456789-0123456789"
ACCESS = {
    "tenants": [{"name": "north"}, {"name": "south"}],
    "keys": [
        {"name": "ann", "tenant": "north", "secretRef": "env:ANN", "agents": ["page"]},
        {"name": "bob", "tenant": "south", "secretRef": "env:BOB"},
        {"name": "olga", "role": "operator", "secretRef": "env:OLGA"},
    ],
}


@pytest.fixture
def guarded(stub: Any, build: Callable[..., Any], tmp_path: Path) -> Iterator[Serving]:
    """The agents as tools, behind keys."""
    environ = {name.upper(): KEY.format(name) for name in ("ann", "bob", "olga")}
    release = with_access(offering(build()), ACCESS)
    serving = Serving(create_app(release, Settings("blue", tmp_path / "state", stub.url, environ))).start()
    yield serving
    serving.stop()


def bearer(name: str) -> dict[str, str]:
    return {"authorization": f"Bearer {KEY.format(name)}"}


@pytest.fixture(params=["legacy", "auto"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def talk(serving: Serving, key: str, mode: str, what: Callable[[Client], Any]) -> Any:
    """What the holder of a key gets."""

    async def connected() -> Any:
        http = httpx2.AsyncClient(headers=bearer(key))
        transport = streamable_http_client(f"{serving.url}/mcp", http_client=http)
        async with http, Client(transport, mode=mode) as client:
            return await what(client)

    return asyncio.run(connected())


def names(serving: Serving, key: str, mode: str) -> list[str]:
    return [tool.name for tool in talk(serving, key, mode, lambda client: client.list_tools()).tools]


def test_a_caller_is_shown_what_it_may_call(guarded, mode):
    assert names(guarded, "ann", mode) == ["page"]
    assert names(guarded, "bob", mode) == ["bounded", "json", "page", "support"]


@pytest.mark.parametrize(("key", "tool"), [("ann", "support"), ("ann", "nobody")])
def test_what_a_caller_may_not_call_is_not_there(guarded, mode, stub, key, tool):
    async def refused(client: Client) -> str:
        with pytest.raises(MCPError) as error:
            await client.call_tool(tool, {"message": "hi"})
        return error.value.message

    assert talk(guarded, key, mode, refused) == f"there is no tool {tool!r} here"
    assert not stub.requests


def test_an_operator_is_no_client(guarded):
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert guarded.http.post("/mcp", json=message, headers=bearer("olga")).status_code == 403


def test_runs_and_conversations_belong_to_the_tenant(guarded, mode, stub, reply):
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})))
    run = talk(guarded, "bob", mode, lambda client: client.call_tool("support", {"message": "refund"}))
    path = f"/runs/{run.structured_content['run']}"
    assert guarded.http.get(path, headers=bearer("bob")).status_code == 200
    assert guarded.http.get(path, headers=bearer("ann")).status_code == 404

    stub.script("primary-1", reply("hello"))
    for key in ("ann", "bob"):
        asked = {"message": f"I am {key}", "conversation": "mine", "variables": {"page": "start"}}
        talk(guarded, key, mode, partial(Client.call_tool, name="page", arguments=asked))
    for key in ("ann", "bob"):
        said = guarded.http.get("/conversations/mine", headers=bearer(key)).json()
        assert [message["content"] for message in said["messages"]] == [f"I am {key}", "hello"]


def test_behind_keys_the_server_may_have_any_name_and_pages_of_that_name_alone_may_call(guarded):
    def status(**headers: str) -> int:
        known = bearer("bob") | {"accept": "application/json, text/event-stream"}
        body = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        return guarded.http.post("/mcp", json=body, headers=known | headers).status_code

    assert status(host="agents.example") == 200
    assert status(host="agents.example:8420", origin="https://agents.example:8420") == 200
    assert status(host="agents.example", origin="https://evil.example") == 403
    assert status(host="agents.example", origin="https://agents.example.evil.example") == 403
    assert status(host="agents.example", origin="null") == 403
