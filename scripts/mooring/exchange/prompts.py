"""Messages of another tool's prompt into a Prompt document with a typed input."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mooring.catalog.template import analyse, environment
from mooring.exchange.intake import Intake

MESSAGE = "message"
"""The input that is the user's text, by an agent's contract."""

_ROLES = {"system": "system", "developer": "system", "user": "user", "human": "user"}
_ROLES |= {"assistant": "assistant", "ai": "assistant", "model": "assistant"}
_USUAL = ("message", "query", "question", "input", "user_input", "userInput", "user_message", "userMessage", "prompt")


@dataclass(frozen=True, slots=True)
class Line:
    """One message of a prompt: a Jinja2 template, and where it stood."""

    role: str
    content: str
    path: str


def add_prompt(
    intake: Intake,
    name: str,
    description: object,
    lines: Sequence[Line],
    declared: Mapping[str, Any] | None = None,
    output: Mapping[str, Any] | None = None,
) -> str | None:
    """The name of the document, or None when it was left out as a whole: half a prompt is another prompt."""
    lines = _spoken(intake, lines)
    if not lines or not _readable(intake, lines):
        intake.leave(lines[0].path if lines else "", f"the prompt {name} was left out as a whole")
        return None
    message = message_of(intake, _used(lines))
    if message not in (None, MESSAGE):
        intake.choose(lines[-1].path, f"{{{{ {message} }}}} is the user's text, so it is called `message`")
        lines = [Line(line.role, renamed(line.content, str(message), MESSAGE), line.path) for line in lines]
        declared = _moved(declared, str(message))
    data: dict[str, Any] = {}
    if schema := _input(intake, lines, declared):
        data["input"] = {"schema": schema}
    if output:
        data["output"] = {"schema": dict(output)}
    data["messages"] = [{"role": line.role, "content": line.content} for line in lines]
    return intake.add("Prompt", name, description, data)


def message_of(intake: Intake, variables: Iterable[str]) -> str | None:
    """Which variable is the user's message: the one that was wished for, a usual name, or the only one there is."""
    names = list(variables)
    if intake.wishes.message:
        return intake.wishes.message if intake.wishes.message in names else None
    usual = next((name for name in _USUAL if name in names), None)
    return usual or (names[0] if len(names) == 1 else None)


def _spoken(intake: Intake, lines: Sequence[Line]) -> list[Line]:
    found = []
    for line in lines:
        role = _ROLES.get(line.role)
        if role is None:
            intake.leave(line.path, f"a message of the role {line.role!r} has no place in a prompt")
        elif not line.content.strip():
            intake.leave(line.path, "is empty")
        else:
            found.append(Line(role, line.content, line.path))
    return found


def _readable(intake: Intake, lines: Sequence[Line]) -> bool:
    good = True
    for line in lines:
        template = analyse(line.content)
        problems = [*template.unsafe, *((f"includes {name!r}", at) for name, at in template.includes)]
        problems += [template.error] if template.error else []
        for problem, at in problems:
            intake.leave(line.path, f"line {at} of the text: {problem}")
            good = False
    return good


def _used(lines: Iterable[Line]) -> list[str]:
    return list(dict.fromkeys(name for line in lines for name in analyse(line.content).variables))


def renamed(template: str, old: str, new: str) -> str:
    """The template with one variable under another name; attributes, filters and texts keep theirs."""
    written, before = [], ""
    for _, kind, value in environment().lex(template):
        free = kind == "name" and value == old and before not in (".", "|", "is")
        written.append(new if free else value)
        before = value if kind != "whitespace" else before
    return "".join(written)


def _moved(declared: Mapping[str, Any] | None, old: str) -> Mapping[str, Any] | None:
    if not declared or old not in declared.get("properties", {}):
        return declared
    properties = {MESSAGE if name == old else name: schema for name, schema in declared["properties"].items()}
    required = [MESSAGE if name == old else name for name in declared.get("required", ())]
    return {**declared, "properties": properties, "required": required}


def _input(intake: Intake, lines: Sequence[Line], declared: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What the templates render. Text that stands in user messages only is taken to be from outside."""
    used = _used(lines)
    said = (declared or {}).get("properties", {})
    for name in said:
        if name not in used:
            intake.leave(f"input.{name}", "is declared and not rendered")
    if not used:
        return None
    trusted = set(_used(line for line in lines if line.role != "user"))
    properties: dict[str, Any] = {}
    for name in used:
        schema = dict(said[name]) if isinstance(said.get(name), dict) else {"type": "string"}
        if name == MESSAGE and isinstance(schema.get("type"), list):  # optional in picoschema; a user always says it
            schema["type"] = "string"
        if name not in said:
            intake.choose(lines[0].path, f"{{{{ {name} }}}} is not declared: taken as a string")
        properties[name] = schema if name in trusted else {**schema, "x-untrusted": True}
    marked = [name for name in used if name not in trusted]
    if marked:
        intake.choose(lines[-1].path, f"only user messages render {', '.join(marked)}: marked x-untrusted")
    wanted = (declared or {}).get("required", list(said))
    required = [name for name in used if name == MESSAGE or name not in said or name in wanted]
    shape: dict[str, Any] = {"type": "object", "additionalProperties": False}
    return shape | ({"required": required} if required else {}) | {"properties": properties}
