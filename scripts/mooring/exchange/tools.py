"""Tools of OpenAI's API and of the Model Context Protocol into documents.

Sources: OpenAI API reference, "Function calling"; Model Context Protocol 2025-06-18, "Tools".
"""

from collections.abc import Mapping
from typing import Any

from mooring.exchange.intake import Intake, kebab, unique

HINTS = {"readOnlyHint": False, "destructiveHint": True, "idempotentHint": False, "openWorldHint": True}
"""What MCP takes for granted where a tool says nothing: the worst."""

_WHY = {
    "strict": "arguments are always held to inputSchema here",
    "title": "tools are shown by their name here",
    "icons": "tools have no icons here",
    "_meta": "belongs to the server it came from",
    "execution": "tools answer at once here",
    "nextCursor": "the list goes on: ask the server for its next page and import that too",
}


def read_openai(data: Any, intake: Intake, path: str = "", group: str = "") -> None:
    """A list of {type: function, function: {…}}, or of the flat form that the Responses API takes."""
    if isinstance(data, dict) and isinstance(data.get("tools"), list):
        intake.leave_rest(path, data, {}, {"tools"})
        data, path = data["tools"], _at(path, "tools")
    elif isinstance(data, dict):
        data = [data]
    if not isinstance(data, list):
        return intake.leave(path, "is no list of tools")
    for index, item in enumerate(data):
        _openai(item, intake, _at(path, str(index)), group or intake_group(intake))
    return None


def _openai(item: Any, intake: Intake, path: str, group: str) -> None:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind != "function":
        return intake.leave(path, f"a tool of type {kind!r} runs at the vendor; only functions are tools here")
    function = item.get("function", item)
    if not isinstance(function, dict):
        return intake.leave(_at(path, "function"), "is no mapping")
    if function is not item:
        intake.leave_rest(path, item, _WHY, {"type", "function"})
        path = _at(path, "function")
    intake.leave_rest(path, function, _WHY, {"type", "name", "description", "parameters"})
    return _add(intake, path, group, function, function.get("parameters"), None, {})


def read_mcp(data: Any, intake: Intake) -> None:
    """{tools: […]}, as a server answers `tools/list`, bare or in a JSON-RPC envelope; or the list alone."""
    path = ""
    if isinstance(data, dict) and isinstance(data.get("result"), dict):
        data, path = data["result"], "result"
    if isinstance(data, dict):
        intake.leave_rest(path, data, _WHY, {"tools"})
        data, path = data.get("tools"), _at(path, "tools")
    if not isinstance(data, list):
        return intake.leave(path, "is no list of tools")
    carried = {"name", "description", "inputSchema", "outputSchema", "annotations"}
    for index, item in enumerate(data):
        here = _at(path, str(index))
        if not isinstance(item, dict):
            intake.leave(here, "is no tool")
            continue
        intake.leave_rest(here, item, _WHY, carried)
        hints = item.get("annotations")
        schemas = item.get("inputSchema"), item.get("outputSchema")
        _add(intake, here, intake_group(intake), item, *schemas, hints if isinstance(hints, dict) else {})
    return None


def intake_group(intake: Intake) -> str:
    """The folder of documents that a file of tools becomes, which is also the name of their service."""
    return kebab(intake.file.rsplit("/", 1)[-1].split(".")[0], "tools")


def _add(
    intake: Intake, path: str, group: str, item: Mapping[str, Any], given: Any, answer: Any, hints: Mapping[str, Any]
) -> None:
    original = item.get("name")
    if not isinstance(original, str) or not original.strip():
        return intake.leave(path, "has no name")
    last = kebab(original, "tool")
    arguments = _arguments(intake, _at(path, "inputSchema"), given)
    annotations = _annotations(intake, path, hints)
    if not isinstance(answer, dict):
        answer = {"type": "object"}
        intake.choose(path, f"{original} does not say what it answers: outputSchema is any object")
    last = unique(last, {draft.name.rsplit("/", 1)[-1] for draft in intake.drafts if draft.kind == "Tool"})
    data: dict[str, Any] = {} if last.replace("-", "_") == original else _exported(intake, path, original)
    data |= {"inputSchema": arguments, "outputSchema": answer, "annotations": annotations}
    data["bind"] = {"type": "http", "service": group, "method": "POST", "path": f"/{last}"}
    intake.choose(path, f"{original} does not say where it runs: POST /{last} of the service {group!r}")
    data["approval"] = "human" if annotations["destructiveHint"] else "none"
    if annotations["destructiveHint"]:
        intake.choose(path, f"{original} may destroy: a person approves every call")
    if not annotations["idempotentHint"] and (key := _key(last, arguments)):
        data["idempotencyKey"] = key
        intake.choose(path, f"{original} acts once for the same required arguments: idempotencyKey {key}")
    intake.add("Tool", f"{group}/{last}", item.get("description"), data, path)
    return None


def _exported(intake: Intake, path: str, original: str) -> dict[str, Any]:
    """The name the model sees, where it is not the one that follows from the document's."""
    name = "".join(char if char.isascii() and (char.isalnum() or char == "_") else "_" for char in original)[:64]
    name = f"_{name}"[:64] if name[0].isdigit() else name
    if name != original:
        intake.leave(_at(path, "name"), f"{original!r} has characters that names of tools lack here; now {name!r}")
    return {"exportName": name}


def _arguments(intake: Intake, path: str, given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        intake.choose(path, "there is no schema of arguments: the tool takes none")
        return {"type": "object", "properties": {}, "additionalProperties": False}
    schema = {key: value for key, value in given.items() if key != "$schema"}
    if "$schema" in given:
        intake.leave(_at(path, "$schema"), "schemas are JSON Schema 2020-12 here")
    for key, value in (("type", "object"), ("properties", {})):
        if key not in schema:
            intake.choose(_at(path, key), "is missing; arguments are an object with properties")
            schema[key] = value
    return schema


def _annotations(intake: Intake, path: str, hints: Mapping[str, Any]) -> dict[str, bool]:
    """All four hints. What is not said is the worst, except that a tool that only reads cannot destroy."""
    place = _at(path, "annotations")
    intake.leave_rest(place, hints, _WHY, set(HINTS))
    said = {name: hints[name] for name in HINTS if isinstance(hints.get(name), bool)}
    default = HINTS | ({"destructiveHint": False, "idempotentHint": True} if said.get("readOnlyHint") else {})
    found = default | said
    missing = [name for name in HINTS if name not in said]
    if found["readOnlyHint"] and (found["destructiveHint"] or not found["idempotentHint"]):
        intake.choose(place, "says that it only reads and that it acts: taken as a tool that acts")
        found["readOnlyHint"] = False
    if missing:
        words = ", ".join(f"{name} {str(found[name]).lower()}" for name in missing)
        intake.choose(place, f"not said, so the worst is assumed: {words}")
    return found


def _key(name: str, schema: Mapping[str, Any]) -> str | None:
    """Made of every required argument, so that only the very same call is the same call."""
    required, properties = schema.get("required"), schema.get("properties")
    if not isinstance(required, list) or not isinstance(properties, dict):
        return None
    named = [each for each in required if isinstance(each, str) and each in properties and not set(each) & set("{}")]
    return "-".join([name, *(f"{{{each}}}" for each in named)]) if named else None


def _at(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
