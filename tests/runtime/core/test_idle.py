"""Connections that are kept are used again, unless the other side has closed them meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable

import httpx2

from mooring.runtime.core import idle

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


def played(story: Callable[[httpx2.AsyncClient, str, list[asyncio.StreamWriter]], Awaitable[None]]) -> None:
    """Has a server that answers, and keeps its connections, in the list, until the story closes them."""
    opened: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        while await reader.readline():
            while (await reader.readline()).strip():
                pass
            writer.write(ANSWER)

    async def play() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with httpx2.AsyncClient(trust_env=False) as client:
            idle.watch(client)
            await story(client, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", opened)
        server.close()

    asyncio.run(asyncio.wait_for(play(), 20))


def test_a_kept_connection_is_used_again() -> None:
    async def story(client: httpx2.AsyncClient, url: str, opened: list[asyncio.StreamWriter]) -> None:
        assert [(await client.get(url)).text for _ in range(3)] == ["ok"] * 3
        assert len(opened) == 1

    played(story)


def test_one_that_was_closed_meanwhile_is_not() -> None:
    async def story(client: httpx2.AsyncClient, url: str, opened: list[asyncio.StreamWriter]) -> None:
        await client.get(url)
        opened[0].close()
        await opened[0].wait_closed()
        await asyncio.sleep(0.05)
        assert (await client.get(url)).text == "ok"
        assert len(opened) == 2

    played(story)


def test_the_library_has_what_is_replaced_in_it() -> None:
    """Otherwise nothing would break, and every request would cost more again."""

    async def story(client: httpx2.AsyncClient, url: str, _opened: list[asyncio.StreamWriter]) -> None:
        await client.get(url)
        connection = client._transport._pool.connections[0]._connection  # type: ignore[attr-defined]
        assert type(connection._network_stream) is idle._Stream

    played(story)
