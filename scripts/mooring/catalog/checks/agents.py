"""Agents: what goes into the prompt, which tools they see, and whether it all fits."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.schemas import sound
from mooring.catalog.checks.uses import Family, families
from mooring.catalog.deployed import deployed
from mooring.catalog.jsonschemas import required
from mooring.catalog.nearest import suggestion
from mooring.spec import Agent, Environment, Model, Tool
from mooring.tokens import at_most

CHARS_PER_TOKEN = 3.5
"""Of the longest message, whose language nobody knows yet: on the safe side for most written with an alphabet."""

_PLAIN: dict[str, type | tuple[type, ...]] = {"string": str, "boolean": bool, "integer": int, "number": (int, float)}


def _prompted(catalog: Catalog) -> Iterator[tuple[Entry, Agent, Family]]:
    """Agents with each of their prompts that declares its inputs: their own, and those of rungs."""
    for _, entry, agent in deployed(catalog):
        for name in dict.fromkeys(name for _, name in agent.prompts()):
            family = families(catalog).get(name)
            if family is not None and family.declares is not None:
                yield entry, agent, family


def variables_missing(catalog: Catalog) -> Remarks:
    for entry, agent, family in _prompted(catalog):
        for name in required(family.flat.input):
            if name != "message" and name not in agent.variables:
                yield Remark(entry, "variables", f"the prompt {family.prompt.name!r} needs {name!r}")


def variables_unknown(catalog: Catalog) -> Remarks:
    for entry, agent, family in _prompted(catalog):
        if family.prompt.name != agent.prompt:
            continue  # a rung's prompt may leave inputs out
        for name in agent.variables:
            if name == "message":
                yield Remark(entry, "variables.message", "`message` is what the user says, so nothing fills it here")
            elif name not in family.properties:
                message = f"the prompt {agent.prompt!r} has no input {name!r}{suggestion(name, family.properties)}"
                yield Remark(entry, f"variables.{name}", message)


def variables_fit(catalog: Catalog) -> Remarks:
    for entry, agent, family in _prompted(catalog):
        if family.declares is None or not sound(catalog, family.declares):
            continue
        for name, value in agent.variables.items():
            schema = family.properties.get(name, True)
            if name != "message" and (problem := _misfit(family.flat.input or {}, schema, value)):
                yield Remark(entry, f"variables.{name}", f"does not fit the input of {family.prompt.name!r}: {problem}")


def _misfit(root: dict[str, Any], schema: Any, value: Any) -> str | None:
    """The first keyword a value breaks. A schema of a plain type alone is decided without jsonschema's slow import."""
    if isinstance(schema, dict) and schema.keys() <= {"type", "title", "description", "x-untrusted"}:
        kind = _PLAIN.get(str(schema.get("type")))
        if kind is not None and isinstance(value, kind) and (kind is bool) == isinstance(value, bool):
            return None
    from jsonschema import Draft202012Validator

    whole = {**schema, "$defs": root.get("$defs", {})} if isinstance(schema, dict) else schema
    error = next(Draft202012Validator(whole).iter_errors(value), None)
    return f"{error.validator} is {json.dumps(error.validator_value)}" if error else None


def exported_names(catalog: Catalog) -> Remarks:
    for view, entry, agent in deployed(catalog):
        seen: dict[str, str] = {}
        for index, name in enumerate(dict.fromkeys(agent.tools)):
            tool = view.get(Tool, name)
            if tool is not None and tool.exported in seen:
                message = f"{name!r} and {seen[tool.exported]!r} are both {tool.exported!r} to the model"
                yield Remark(entry, f"tools.{index}", message)
            if tool is not None:
                seen.setdefault(tool.exported, name)


def listed_twice(catalog: Catalog) -> Remarks:
    lists: list[tuple[Entry, str, tuple[str, ...]]] = [
        (catalog.of(Agent)[name], path, names)
        for name, agent in catalog.all(Agent).items()
        for path, names in (("tools", agent.tools), *rung_tools(agent))
    ]
    for name, environment in catalog.all(Environment).items():
        lists.append((catalog.of(Environment)[name], "agents", environment.agents))
    for entry, path, names in lists:
        for name, times in Counter(names).items():
            if times > 1:
                last = len(names) - 1 - names[::-1].index(name)
                yield Remark(entry, f"{path}.{last}", f"{name!r} is listed {times} times")


def limits(catalog: Catalog) -> Remarks:
    for _, entry, agent in deployed(catalog):
        if agent.tools and agent.limits.max_tool_calls == 0:
            yield Remark(entry, "limits.maxToolCalls", "the agent has tools but may call none")
        if agent.tools and agent.limits.max_model_calls == 1:
            message = "with one model call the agent can never read what a tool said"
            yield Remark(entry, "limits.maxModelCalls", message)


def context_window(catalog: Catalog) -> Remarks:
    for view, entry, agent in deployed(catalog):
        for rung, name in agent.models.names():
            family, found = families(catalog).get(agent.prompt_of(rung)), view.get(Model, name)
            if family is None or found is None:
                continue
            tools = [tool for each in agent.tools_of(rung) if (tool := view.get(Tool, each)) is not None]
            needed, model = first_call(family, agent, tools), agent.limited(rung, found)
            if needed + model.options.max_output_tokens <= model.context_window:
                continue
            message = (
                f"{name!r} holds {model.context_window} tokens, but prompt and tools need about {needed}"
                f" and the answer up to {model.options.max_output_tokens}"
            )
            yield Remark(entry, f"models.{rung}", message)


def first_call(family: Family, agent: Agent, tools: list[Tool]) -> int:
    """Tokens of the first call's input, on the safe side: prompt, variables, tools, and the longest message allowed."""
    message = family.properties.get("message")
    longest = message.get("maxLength", 0) if isinstance(message, dict) else 0
    return round(told(family, agent, tools) + (longest if isinstance(longest, int) else 0) / CHARS_PER_TOKEN)


def told(family: Family, agent: Agent, tools: list[Tool]) -> float:
    """Tokens that every call begins with, on the safe side: prompt, variables and tools."""
    variables = {name: value for name, value in agent.variables.items() if name in family.properties}
    texts = [message.content for message in family.flat.messages]
    texts.append(json.dumps(variables, ensure_ascii=False))
    texts += [
        f"{tool.exported} {tool.description} {json.dumps(tool.input_schema, ensure_ascii=False)}" for tool in tools
    ]
    return sum(map(at_most, texts))


def rung_tools(agent: Agent) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(dotted path, names) of the tools that rungs list."""
    for rung, standing in agent.models.all():
        if standing.tools is not None:
            yield f"models.{rung}.tools", standing.tools
