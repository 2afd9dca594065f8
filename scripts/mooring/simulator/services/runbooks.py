"""The on-call team's runbooks, as a server that speaks the Model Context Protocol: one tool, no sessions.

Source: the Model Context Protocol specification, "Transports: Streamable HTTP"; every answer is plain JSON.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mooring.simulator.services import seed
from mooring.simulator.services.answers import Query, Wrong, checked
from mooring.simulator.services.lookup import best

PROTOCOL = "2025-11-25"
TOOL = "search"

_METHOD_NOT_FOUND, _INVALID_PARAMS, _PARSE_ERROR = -32601, -32602, -32700


class Search(Query):
    q: Annotated[str, Field(min_length=2, max_length=200)]


async def runbooks(request: Request) -> Response:
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
        about = {"name": "runbooks", "version": "1.0.0"}
        return _answer(message, {"protocolVersion": PROTOCOL, "capabilities": {"tools": {}}, "serverInfo": about})
    if method == "ping":
        return _answer(message, {})
    if method == "tools/list":
        tool = {"name": TOOL, "description": "Searches the runbooks.", "inputSchema": Search.model_json_schema()}
        return _answer(message, {"tools": [tool]})
    if method != "tools/call":
        return _refused(message["id"], _METHOD_NOT_FOUND, "There is no such method.")
    if params.get("name") != TOOL:
        return _refused(message["id"], _INVALID_PARAMS, "There is no such tool.")
    return _answer(message, _found(params.get("arguments") or {}))


def _found(arguments: Mapping[str, Any]) -> dict[str, Any]:
    try:
        query = checked(Search, arguments)
    except Wrong as wrong:
        return {"content": [{"type": "text", "text": str(wrong)}], "isError": True}
    texts = [((number, title, steps), title, " ".join(steps)) for number, title, steps in seed.RUNBOOKS]
    found = [dict(zip(("runbookId", "title", "steps"), hit, strict=True)) for hit in best(query.q, texts)]
    structure = {"runbooks": found}
    return {"content": [{"type": "text", "text": json.dumps(structure)}], "structuredContent": structure}


def _answer(message: Mapping[str, Any], result: Mapping[str, Any]) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": message["id"], "result": result})


def _refused(number: Any, code: int, words: str) -> Response:
    return JSONResponse({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": words}})
