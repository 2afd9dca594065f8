"""How agents look as tools: names, descriptions, the shape of arguments and results, and hints.

Source: the Model Context Protocol specification, "Tools".
"""

from collections.abc import Mapping
from typing import Any

from mcp_types import Tool, ToolAnnotations

from mooring import spec
from mooring.release.content import ReleaseContent
from mooring.runtime.memory.conversations.name import NAME, NEW
from mooring.runtime.memory.run import DONE, WAITING

RESULT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "answer": {"type": "string", "description": "What the agent answers; the text of the result too."},
        "run": {"type": "string", "description": "The run's id."},
        "status": {"enum": [DONE, WAITING], "description": f"`{WAITING}`: a person must approve first."},
        "rung": {"type": "string", "description": "The rung of the ladder that answered, L0 to L4."},
        "conversation": {"type": "string", "description": "The conversation that the answer belongs to."},
        "approvals": {
            "type": "array",
            "items": {"type": "object"},
            "description": "Calls of tools that wait for a person: `id`, `tool` and `arguments`.",
        },
        "ticket": {"type": "string", "description": "Where a better answer will be found, after an apology."},
        "cost_usd": {"type": "number", "description": "What the models cost, in US dollars."},
        "simulated": {"type": "boolean", "description": "Whether a simulator answered for any model."},
    },
    "required": ["answer", "run", "status", "rung", "approvals", "cost_usd", "simulated"],
}
"""The shape of what a tool returns beside its text."""


def tool_name(agent: str) -> str:
    """The name of an agent's tool: `north/sales` is `north_sales`, since clients refuse `/` in the name of a tool.

    No two agents share one: there is no `_` in the name of an agent. Some models take 64 characters at most.
    """
    return agent.replace("/", "_")


def tools_of(content: ReleaseContent) -> dict[str, Tool]:
    """The tool of each agent of a release, by the agent's name."""
    return {name: _tool(agent, content) for name, agent in sorted(content.agents.items())}


def _tool(agent: spec.Agent, content: ReleaseContent) -> Tool:
    return Tool(
        name=tool_name(agent.name),
        description=agent.description,
        input_schema=_arguments(content.prompts[agent.prompt].input, agent.variables),
        output_schema=RESULT,
        annotations=_hints([content.tools[name].annotations for name in agent.tools]),
    )


def _hints(tools: list[spec.tool.Annotations]) -> ToolAnnotations:
    """What an agent can do to the world is what its tools can. Asked twice, it may call other ones."""
    reads = all(tool.read_only_hint for tool in tools)
    return ToolAnnotations(
        read_only_hint=reads,
        destructive_hint=any(tool.destructive_hint for tool in tools),
        idempotent_hint=reads,
        open_world_hint=any(tool.open_world_hint for tool in tools),
    )


def _arguments(inputs: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The message, the conversation, and as variables the prompt's untrusted inputs that the agent leaves open."""
    known: Mapping[str, Any] = inputs.get("properties", {})
    message = {"type": "string", "minLength": 1} | _plain(known.get("message", {}))
    name = f"Continues the conversation of this name; `{NEW}` begins one, and the result names it."
    properties: dict[str, Any] = {
        "message": {"description": "What to ask the agent."} | message,
        "conversation": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": name},
    }
    required = ["message"]
    opened = {
        name: _plain(schema)
        for name, schema in known.items()
        if schema.get("x-untrusted") and name != "message" and name not in given
    }
    if opened:
        needed = [name for name in inputs.get("required", ()) if name in opened]
        properties["variables"] = {"type": "object", "properties": opened, "additionalProperties": False}
        if needed:
            properties["variables"]["required"] = needed
            required.append("variables")
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    # What `#/$defs/…` in an input's schema names is looked for at the root.
    return schema | {key: inputs[key] for key in ("$defs", "definitions") if key in inputs}


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != "x-untrusted"}
