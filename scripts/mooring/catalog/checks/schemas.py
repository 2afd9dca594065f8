"""JSON Schemas inside documents, and contracts that have to agree."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from mooring.catalog import jsonschemas
from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.checks.remark import Remark, Remarks
from mooring.catalog.checks.uses import families
from mooring.catalog.jsonschemas import Problem, properties, schema_problems
from mooring.spec import Agent, Prompt, Tool
from mooring.spec.document import JsonSchema

_PLACES: dict[type[Any], tuple[str, ...]] = {
    Agent: ("output.schema",),
    Prompt: ("input.schema", "output.schema"),
    Tool: ("inputSchema", "outputSchema"),
}


def _schemas(catalog: Catalog) -> Iterator[tuple[Entry, str, JsonSchema]]:
    for kind, paths in _PLACES.items():
        for entry in catalog.of(kind).values():
            for path in paths:
                at: Any = entry.data
                for step in path.split("."):
                    at = at.get(step) if isinstance(at, dict) else None
                if at is not None:
                    yield entry, path, at


def _problems(catalog: Catalog) -> list[tuple[Entry, str, Problem]]:
    if "schemas" not in catalog.memo:
        found = [(entry, path, problem) for entry, path, at in _schemas(catalog) for problem in schema_problems(at)]
        catalog.memo["schemas"] = found
    known: list[tuple[Entry, str, Problem]] = catalog.memo["schemas"]
    return known


def _named(check: str, catalog: Catalog) -> Remarks:
    for entry, path, (name, inside, message) in _problems(catalog):
        if name == check:
            yield Remark(entry, f"{path}.{inside}" if inside else path, message)


valid = partial(_named, "json-schema")
reference = partial(_named, "schema-ref")
required = partial(_named, "schema-required")
pattern = partial(_named, "schema-pattern")


def input_object(catalog: Catalog) -> Remarks:
    for entry, path, schema in _schemas(catalog):
        if path.startswith("input") and (schema.get("type") != "object" or "properties" not in schema):
            yield Remark(entry, path, f"{path} is an object with `properties`, since inputs have names")


def sound(catalog: Catalog, entry: Entry) -> bool:
    """Whether the schemas of a document have no problem, so that values can be held against them."""
    return not any(found is entry for found, _, _ in _problems(catalog))


def contract_conflict(catalog: Catalog) -> Remarks:
    for family in families(catalog).values():
        parent = families(catalog).get(family.prompt.extends or "")
        if parent is None:
            continue
        pairs = (("input", family.flat.input, parent.flat.input), ("output", family.flat.output, parent.flat.output))
        for side, own, given in pairs:
            if side in family.entry.data and own is not None and given is not None:
                for path, message in conflicts(given, own, f"{side}.schema", required=side == "output"):
                    yield Remark(family.entry, path, f"{message} in the parent {parent.prompt.name!r}")


def output_conflict(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        for told in dict.fromkeys(told for _, told in agent.prompts()):
            family = families(catalog).get(told)
            if family is not None and family.flat.output is not None:
                yield from _broken_promise(catalog.of(Agent)[name], agent, told, family.flat.output)


def _broken_promise(entry: Entry, agent: Agent, prompt: str, promised: JsonSchema) -> Remarks:
    if agent.output.type == "text":
        message = f"answers are text, but the prompt {prompt!r} promises JSON by its output.schema"
        yield Remark(entry, "output.type", message)
    elif agent.output.json_schema is not None:
        for path, message in conflicts(promised, agent.output.json_schema, "output.schema", required=True):
            yield Remark(entry, path, f"{message} in the prompt {prompt!r}")


def output_shape(catalog: Catalog) -> Remarks:
    for name, agent in catalog.all(Agent).items():
        given = agent.output.json_schema is not None
        if agent.output.type == "json" and not given:
            yield Remark(
                catalog.of(Agent)[name], "output", "answers are JSON, but there is no output.schema to hold them to"
            )
        if agent.output.type == "text" and given:
            yield Remark(
                catalog.of(Agent)[name], "output.schema", "answers are text, so output.schema is never applied"
            )


def conflicts(given: Any, own: Any, path: str, required: bool) -> Iterator[tuple[str, str]]:
    """Where `own` breaks what `given` promises: another type, or a required property that is not required here."""
    if not isinstance(given, dict) or not isinstance(own, dict):
        return
    if "type" in given and "type" in own and not _types(own["type"]) <= _types(given["type"]):
        yield f"{path}.type", f"type {own['type']!r} does not fit type {given['type']!r}"
    for name in jsonschemas.required(given) if required else ():
        if name not in jsonschemas.required(own):
            yield f"{path}.required", f"{name!r} is not required, but it is"
    below, here = properties(given), properties(own)
    for name in below.keys() & here.keys():
        yield from conflicts(below[name], here[name], f"{path}.properties.{name}", required)


def _types(value: Any) -> set[str]:
    """The types a `type` keyword allows; whole numbers are numbers."""
    types = {value} if isinstance(value, str) else {str(item) for item in value} if isinstance(value, list) else set()
    return types | {"integer"} if "number" in types else types
