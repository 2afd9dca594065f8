"""Tools of servers that speak the Model Context Protocol, over streamable HTTP.

Written out because of what the official client does not let us decide: how much of an answer is read, and that
nothing is tried again behind the back of the policy. It sends what tool calls need and offers nothing to the server.
Source: the Model Context Protocol specification, "Transports: Streamable HTTP", "Lifecycle" and "Tools".
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from typing import Any

import httpx2

from mooring import __version__
from mooring.runtime.agent.tools.binding import Call, CallFailed, Unavailable, too_large
from mooring.runtime.agent.tools.http import HEADERS, Refused, bounded, parsed, sent
from mooring.runtime.agent.tools.result import read, visible
from mooring.spec.tool import McpBind

PROTOCOL = "2025-11-25"
KEY = "mooring/idempotencyKey"
"""Where `_meta` of a call holds its idempotency key."""

SESSION, VERSION = "mcp-session-id", "mcp-protocol-version"

CLOSE_SECONDS = 2.0
"""That a server has to answer the end of a session."""

_COPIES = 4
"""A result may be there as text in JSON in JSON, and once more as a structure."""
_ENVELOPE = 16 * 1024


class McpServer:
    """A server's endpoint and the session with it, shared by its tools and opened by the first call."""

    def __init__(self, url: str, client: httpx2.AsyncClient) -> None:
        self._url, self._client = url, client
        self._session: dict[str, str] | None = None
        self._opening = asyncio.Lock()
        self._numbers = count(1)

    async def request(self, method: str, params: Any, call: Call) -> dict[str, Any]:
        """The result of a request. A server that forgot the session did nothing, so it is asked in a new one."""
        session = await self._opened(call)
        try:
            return (await self._ask(method, params, call, session))[0]
        except Refused as error:
            if error.status != 404 or SESSION not in session:
                raise
        if self._session is session:
            self._session = None
        return (await self._ask(method, params, call, await self._opened(call)))[0]

    async def close(self) -> None:
        """Ends the session at the server, where it keeps one. What the server says to that is of no interest."""
        session, self._session = self._session, None
        if session and SESSION in session:
            with suppress(httpx2.HTTPError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._client.delete(self._url, headers={**HEADERS, **session})

    async def _opened(self, call: Call) -> dict[str, str]:
        async with self._opening:
            if self._session is None:
                self._session = await self._open(call)
            return self._session

    async def _open(self, call: Call) -> dict[str, str]:
        """The headers that later requests name the session by."""
        about = {"name": "mooring", "version": __version__}
        params = {"protocolVersion": PROTOCOL, "capabilities": {}, "clientInfo": about}
        agreed, headers = await self._ask("initialize", params, call, {})
        session = {VERSION: str(agreed.get("protocolVersion", PROTOCOL))}
        if name := headers.get(SESSION):
            session[SESSION] = name
        done = {"jsonrpc": "2.0", "method": "notifications/initialized"}
        async with sent(self._client, self._post(done, call, session)) as response:
            await bounded(response, call)
        return session

    async def _ask(
        self, method: str, params: Any, call: Call, session: Mapping[str, str]
    ) -> tuple[dict[str, Any], Mapping[str, str]]:
        """(result, headers of the response)"""
        number = next(self._numbers)
        message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        async with sent(self._client, self._post(message, call, session)) as response:
            reply = await _reply(response, number, call)
        result = reply.get("result")
        if not isinstance(result, dict):
            error = reply.get("error")
            words = error.get("message") if isinstance(error, dict) else None
            raise CallFailed(f"the server refused: {visible(str(words))[:500]}")
        return result, response.headers

    def _post(self, message: Any, call: Call, session: Mapping[str, str]) -> httpx2.Request:
        headers = {"accept": "application/json, text/event-stream", "x-mooring-run": call.run}
        return self._client.build_request("POST", self._url, json=message, headers={**HEADERS, **headers, **session})


class McpBinding:
    """One tool of a server."""

    def __init__(self, bind: McpBind, server: McpServer) -> None:
        self._tool, self._server = bind.tool, server

    async def answer(self, call: Call) -> Any:
        """The structured result, or else the text: as JSON when it is an object or a list."""
        params = {"name": self._tool, "arguments": dict(call.arguments), "_meta": {KEY: call.key}}
        result = await self._server.request("tools/call", params, call)
        text = "\n".join(map(_text, result.get("content") or ()))
        if result.get("isError"):
            raise CallFailed(visible(text)[:500] or "the tool failed and did not say why")
        if "structuredContent" in result:
            return result["structuredContent"]
        try:
            value = read(text)
        except ValueError:
            return text
        return value if isinstance(value, dict | list) else text


async def _reply(response: httpx2.Response, number: int, call: Call) -> dict[str, Any]:
    """The message that answers request `number`; what else a server says in between is not for us."""
    most = _COPIES * call.largest + _ENVELOPE
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        try:
            async for event in httpx2.EventSource(response, most):
                if event.data and _answers(message := parsed(event.data), number):
                    return dict(message)
        except httpx2.SSEError as error:
            raise too_large(call) from error
        raise Unavailable("the server broke off before it answered")
    message = parsed(await bounded(response, call, most))
    if not _answers(message, number):
        raise Unavailable("the server did not answer in the Model Context Protocol")
    return dict(message)


def _answers(message: Any, number: int) -> bool:
    return isinstance(message, dict) and message.get("id") == number and "method" not in message


def _text(block: Any) -> str:
    if isinstance(block, dict) and isinstance(block.get("text"), str):
        return str(block["text"])
    kind = block.get("type", "content") if isinstance(block, dict) else "content"
    return f"[{kind} that is no text was left out]"
