"""A service that speaks the Model Context Protocol, without sessions or streams: every answer is plain JSON.

Source: the Model Context Protocol specification, "Transports: Streamable HTTP".
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.simulator.services.call import Wrong, answer, checked
from mooring.simulator.services.database import Database, Records
from mooring.simulator.services.documents import McpTool, Service
from mooring.simulator.services.expressions import Clock, Expressions

PROTOCOL = "2025-11-25"

_METHOD_NOT_FOUND, _INVALID_PARAMS, _PARSE_ERROR = -32601, -32602, -32700


class Server:
    """Answers the messages of clients; times are those of the clock."""

    def __init__(self, name: str, service: Service, database: Database, clock: Clock) -> None:
        self.name, self.service, self.database, self.clock = name, service, database, clock

    async def answer(self, request: Request) -> Response:
        """Answers one message of a client."""
        if request.method != "POST":
            return Response(status_code=405, headers={"allow": "POST"})
        try:
            message = json.loads(await request.body())
        except ValueError:
            return _refused(None, _PARSE_ERROR, "The body is no JSON.")
        if not isinstance(message, dict) or "id" not in message:
            return Response(status_code=202)
        method, params = message.get("method"), message.get("params") or {}
        if method == "initialize":
            about = {"name": self.name, "version": "1.0.0"}
            return _result(message, {"protocolVersion": PROTOCOL, "capabilities": {"tools": {}}, "serverInfo": about})
        if method == "ping":
            return _result(message, {})
        if method == "tools/list":
            return _result(message, {"tools": [_listed(tool) for tool in self.service.tools]})
        if method != "tools/call":
            return _refused(message["id"], _METHOD_NOT_FOUND, "There is no such method.")
        tool = next((tool for tool in self.service.tools if tool.name == params.get("name")), None)
        if tool is None:
            return _refused(message["id"], _INVALID_PARAMS, "There is no such tool.")
        return _result(message, await asyncio.to_thread(self._called, tool, params.get("arguments") or {}))

    def _called(self, tool: McpTool, arguments: Mapping[str, Any]) -> dict[str, Any]:
        try:
            given = checked(tool, arguments)
            with self.database.transaction() as connection:
                found = answer(tool, Expressions(self.service, Records(connection, self.name), self.clock), given, {})
        except Wrong as wrong:
            return {"content": [{"type": "text", "text": str(wrong)}], "isError": True}
        return {"content": [{"type": "text", "text": json.dumps(found)}], "structuredContent": found}


def _listed(tool: McpTool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "inputSchema": tool.input}


def _result(message: Mapping[str, Any], result: Mapping[str, Any]) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": result})


def _refused(number: Any, code: int, words: str) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": words}})
