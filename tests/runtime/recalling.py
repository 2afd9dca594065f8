"""A small release whose agent remembers."""

from typing import Any

from mooring.release.release import Release
from mooring.spec import Tool


def tool(kind: str, argument: str, **bind: Any) -> Tool:
    head = {"apiVersion": "mooring/v1", "kind": "Tool", "name": kind, "version": "1.0.0", "owner": "@tidewater/support"}
    arguments = {"type": "object", "required": [argument], "properties": {argument: {"type": "string"}}}
    reads = kind == "recall"
    hints = {"readOnlyHint": reads, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}
    more = {"description": kind, "inputSchema": arguments, "outputSchema": {"type": "object"}, "annotations": hints}
    return Tool.model_validate(head | more | {"bind": {"type": kind, "space": "people"} | bind})


def recalling(
    release: Release, remember: dict[str, Any] | None = None, recall: dict[str, Any] | None = None
) -> Release:
    """The release with tools to remember and to recall for agent `support`."""
    content = release.content
    tools = {"remember": tool("remember", "text", **remember or {}), "recall": tool("recall", "query", **recall or {})}
    support = content.agents["support"].model_copy(update={"tools": (*content.agents["support"].tools, *tools)})
    changed = {"agents": {**content.agents, "support": support}, "tools": {**content.tools, **tools}}
    return Release.of(content.model_copy(update=changed))
