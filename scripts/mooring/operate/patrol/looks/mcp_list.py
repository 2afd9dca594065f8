"""Whether servers of the Model Context Protocol list the tools that Tool documents are bound to, as they say.

Source: the Model Context Protocol specification, "Tools".
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import httpx2

from mooring.operate.patrol.looks.http import service, where
from mooring.operate.patrol.reasons import reason
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.runtime.agent.tools.binding import Call, CallFailed
from mooring.runtime.agent.tools.mcp import McpServer
from mooring.spec.patrol import McpList
from mooring.spec.tool import McpBind, Tool

LARGEST = 1_000_000
"""Bytes of a list of tools."""

PAGES = 50


def looks(check: McpList, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    tools = bound(surroundings.content.tools)
    for name in check.servers or sorted(tools):
        yield name, partial(look, name, tools.get(name, ()), surroundings)
    if not check.servers and not tools:
        yield "", nothing


def bound(tools: Mapping[str, Tool]) -> dict[str, list[tuple[Tool, McpBind]]]:
    """Tools by the server that they are bound to."""
    found: dict[str, list[tuple[Tool, McpBind]]] = {}
    for tool in tools.values():
        if isinstance(tool.bind, McpBind):
            found.setdefault(tool.bind.server, []).append((tool, tool.bind))
    return found


async def nothing() -> Found:
    """What a check of no server says."""
    raise NotMade("no tool of the environment is bound to an MCP server; remove the check")


async def look(name: str, tools: Sequence[tuple[Tool, McpBind]], surroundings: Surroundings) -> Found:
    """Lists the tools of a server and compares. Raises Trouble with everything that differs."""
    url = service(name, surroundings)
    server = McpServer(url, surroundings.http(url))
    try:
        listed = {str(one.get("name")): one async for one in _listed(server)}
    except CallFailed as error:
        lost = isinstance(error.__cause__, httpx2.HTTPError)
        why = reason(error.__cause__, where(url)) if error.__cause__ and lost else str(error)
        raise Trouble(f"cannot list its tools: {why}") from error
    finally:
        await server.close()
    differences = [each for tool, bind in tools for each in differing(tool, bind, listed.get(bind.tool))]
    if differences:
        raise Trouble("; ".join(differences))
    return Found(f"{len(tools)} of {len(listed)} tools are used, and are as documents say")


async def _listed(server: McpServer) -> AsyncIterator[dict[str, Any]]:
    """Every tool, page by page."""
    params: dict[str, Any] = {}
    for _ in range(PAGES):
        result = await server.request("tools/list", params, Call("patrol", "patrol", {}, LARGEST))
        for tool in result.get("tools") or ():
            if isinstance(tool, dict):
                yield tool
        if not isinstance(cursor := result.get("nextCursor"), str):
            return
        params = {"cursor": cursor}


def differing(tool: Tool, bind: McpBind, listed: Mapping[str, Any] | None) -> Iterator[str]:
    """What of a tool is not as its document says, in words."""
    if listed is None:
        yield f"it does not list {bind.tool!r}, which {tool.name} calls"
        return
    yield from _arguments(tool, bind, listed.get("inputSchema"))
    hints = listed.get("annotations") or {}
    if tool.annotations.read_only_hint and hints.get("readOnlyHint") is False:
        yield f"it says that {bind.tool!r} changes something, and {tool.name} says that it does not"
    if not tool.annotations.destructive_hint and hints.get("readOnlyHint") is False and hints.get("destructiveHint"):
        yield f"it says that {bind.tool!r} may destroy something, and {tool.name} says that it does not"


def _arguments(tool: Tool, bind: McpBind, schema: Any) -> Iterator[str]:
    theirs = schema if isinstance(schema, dict) else {}
    known, ours = theirs.get("properties") or {}, tool.input_schema.get("properties") or {}
    for name in theirs.get("required") or ():
        if name not in ours:
            yield f"{bind.tool!r} requires {name!r}, which {tool.name} does not pass"
    for name, described in ours.items():
        if name not in known:
            if theirs.get("additionalProperties") is False:
                yield f"{bind.tool!r} takes no {name!r}, which {tool.name} passes"
        elif not _fits(here := _types(described), there := _types(known[name])):
            taken, passed = ("/".join(sorted(types)) for types in (there, here))
            yield f"{bind.tool!r} takes {name!r} as {taken}, and {tool.name} passes {passed}"


def _fits(here: set[str], there: set[str]) -> bool:
    """Whether all that we pass is what they take, as far as both say. A whole number is a number."""
    return not here or not there or here <= there | ({"integer"} if "number" in there else set())


def _types(schema: Any) -> set[str]:
    """The types that a schema allows; none where it does not say."""
    said = schema.get("type") if isinstance(schema, dict) else None
    return set(map(str, said)) if isinstance(said, list) else {str(said)} if said else set()
