"""Our tools in the shapes of OpenAI's API and of the Model Context Protocol."""

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

from mooring.spec import Tool


def to_openai(tools: Iterable[Tool]) -> list[dict[str, Any]]:
    """A `tools` parameter of chat completions."""
    return [{"type": "function", "function": _function(tool)} for tool in tools]


def _function(tool: Tool) -> dict[str, Any]:
    return {"name": tool.exported, "description": tool.description, "parameters": tool.input_schema}


def to_mcp(tools: Iterable[Tool]) -> dict[str, Any]:
    """The answer to `tools/list`."""
    return {"tools": [_listed(tool) for tool in tools]}


def _listed(tool: Tool) -> dict[str, Any]:
    return {
        "name": tool.exported,
        "description": tool.description,
        "inputSchema": tool.input_schema,
        "outputSchema": tool.output_schema,
        "annotations": tool.annotations.model_dump(mode="json", by_alias=True),
    }


FORMATS: Mapping[str, Callable[[Iterable[Tool]], Any]] = MappingProxyType({"openai": to_openai, "mcp": to_mcp})
LEFT: Mapping[str, str] = MappingProxyType(
    {
        "openai": "outputSchema, annotations, bind, approval, limits and keys have no place in OpenAI's shape",
        "mcp": "bind, approval, limits and keys have no place in MCP's shape",
    }
)
"""What a shape cannot carry."""
