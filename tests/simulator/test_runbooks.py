"""The runbooks' server speaks the Model Context Protocol, as the official client hears it."""

import asyncio

import httpx2
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError


def test_the_official_client_lists_and_calls_its_tool(url: str) -> None:
    async def main() -> None:
        async with Client(f"{url}/services/runbooks", mode="legacy") as client:
            assert [tool.name for tool in (await client.list_tools()).tools] == ["search"]
            found = await client.call_tool("search", {"q": "payments latency"})
            assert found.structured_content is not None
            assert found.structured_content["runbooks"][0]["runbookId"] == "RB-19"
            assert (await client.call_tool("search", {"q": "x"})).is_error
            with pytest.raises(MCPError):
                await client.call_tool("burn", {})

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 200, -32700),
        (b"[]", 202, None),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "sing"}', 200, -32601),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}', 200, None),
    ],
)
def test_messages_it_does_not_know_are_refused(url: str, body: bytes, status: int, code: int | None) -> None:
    response = httpx2.post(f"{url}/services/runbooks", content=body)
    assert response.status_code == status
    assert (response.json().get("error", {}).get("code") if response.content else None) == code


def test_nothing_is_streamed_from_it(url: str) -> None:
    assert httpx2.get(f"{url}/services/runbooks").status_code == 405
