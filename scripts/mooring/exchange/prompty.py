"""Prompty files (.prompty): YAML front matter and messages in Jinja2.

Source: https://prompty.ai/docs/prompty-file-format
"""

import re
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mooring.exchange import handlebars
from mooring.exchange.files import front_matter
from mooring.exchange.intake import Intake, kebab
from mooring.exchange.models import add_model
from mooring.exchange.prompts import Line, add_prompt

_ROLE = re.compile(r"^[ \t]*#?[ \t]*(system|user|assistant|developer|function|tool)[ \t]*(\[[^\]\n]*\])?[ \t]*:[ \t]*$")
_IMAGE = re.compile(r"!\[[^\]\n]*\]\([^)\n]*\)")
_TYPES = ("string", "number", "integer", "boolean", "array", "object")
_WHY = {
    "authors": "git knows the authors; `owner` says who approves",
    "tags": "documents have no tags",
    "version": "every document starts at 1.0.0",
    "sample": "a sample is what a case of a suite has in `vars`",
    "tools": "an agent names its tools; import their definitions as openai or mcp",
    "base": "the parent is in another file; import it too, and name it by `extends`",
    "metadata": "documents have no free data",
}
_INPUT_WHY = dict.fromkeys(("sample", "example"), "a sample is what a case of a suite has in `vars`")
_INPUT_WHY["default"] = "an agent's `variables` say what is always the same"


def read(content: bytes, intake: Intake) -> None:
    """One prompt, and its model. Raises Unusable."""
    data, body, before = front_matter(intake.file, content)
    intake.leave_rest("", data, _WHY, {"name", "description", "model", "inputs", "outputs", "template"})
    messages = _messages(intake, body, before)
    if _format(data.get("template")) in ("mustache", "handlebars"):
        messages = [made for line in messages for made in _mustache(intake, line)]
    elif _format(data.get("template")) != "jinja2":
        intake.leave("template", "is no template language that is known here; read as Jinja2")
    name = kebab(data.get("name") or PurePath(intake.file).stem, "prompt")
    declared, output = _shape(intake, data, "inputs"), _shape(intake, data, "outputs")
    add_prompt(intake, f"imported/{name}", data.get("description"), messages, declared, output)
    if isinstance(data.get("model"), dict):
        _model(intake, data["model"])


def _format(template: Any) -> str:
    found = template.get("format") or template.get("type") if isinstance(template, dict) else template
    return str(found or "jinja2")


def _mustache(intake: Intake, line: Line) -> list[Line]:
    """A message in Mustache; its plain variables are those of Handlebars too."""
    before = int(line.path.removeprefix("line ")) - 1
    return [
        Line(line.role, made.content, line.path) for made in handlebars.messages(line.content, (), intake.leave, before)
    ]


def _messages(intake: Intake, body: str, before: int) -> list[Line]:
    found: list[tuple[str, int, list[str]]] = [("system", before + 1, [])]
    for number, text in enumerate(body.split("\n"), before + 1):
        marker = _ROLE.match(text)
        if marker is None:
            found[-1][2].append(text)
        else:
            found.append((marker[1], number, []))
            if marker[2]:
                intake.leave(f"line {number}", f"attributes of a message, {marker[2]}, have no place here")
    lines = [Line(role, "\n".join(texts).strip("\n"), f"line {number}") for role, number, texts in found]
    for line in lines:
        if _IMAGE.search(line.content):
            intake.leave(line.path, "an image stays as it is written: messages are text here")
    return [line for line in lines if line.content.strip()]


def _shape(intake: Intake, data: Mapping[str, Any], key: str) -> dict[str, Any] | None:
    """`inputs` or `outputs`, each a type, a mapping with `type`, or a sample value."""
    given = data.get(key)
    if not isinstance(given, dict):
        return None
    properties: dict[str, Any] = {}
    for name, value in given.items():
        place = f"{key}.{name}"
        if not isinstance(value, dict) or not ({"type", "description", *_INPUT_WHY} & value.keys()):
            properties[name] = {"type": _type(value)}
            intake.leave(place, _INPUT_WHY["sample"])
            continue
        carried = {"type", "description", "required"}
        intake.leave_rest(place, value, _INPUT_WHY, carried)
        kind = value.get("type", "string")
        says = value.get("description")
        kept = {"type": kind if kind in _TYPES else "string"}
        if kind not in _TYPES:
            intake.leave(f"{place}.type", f"{kind!r} is no type of JSON; taken as a string")
        properties[name] = kept | ({"description": says} if isinstance(says, str) and says else {})
    optional = {name for name, value in given.items() if isinstance(value, dict) and value.get("required") is False}
    return {
        "type": "object",
        "required": [name for name in properties if name not in optional],
        "properties": properties,
    }


def _type(sample: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = ((bool, "boolean"), (int, "integer"), (float, "number"), (list, "array"))
    return next(
        (word for kind, word in kinds if isinstance(sample, kind)), "object" if isinstance(sample, dict) else "string"
    )


def _model(intake: Intake, model: Mapping[str, Any]) -> None:
    intake.leave_rest(
        "model",
        model,
        {"response": "the runtime reads answers"},
        {"api", "configuration", "parameters", "id", "provider", "options"},
    )
    if model.get("api", "chat") != "chat":
        intake.leave("model.api", "only chat is spoken here")
    config = model.get("configuration")
    config = config if isinstance(config, dict) else {}
    options = model.get("parameters", model.get("options"))
    options = options if isinstance(options, dict) else {}
    vendor = str(config.get("type") or model.get("provider") or "").removesuffix("_openai") or "openai"
    id_ = config.get("name") or config.get("model") or model.get("id") or ""
    if vendor == "azure" or not isinstance(id_, str) or not id_:
        intake.leave(
            "model.configuration", "a deployment at Azure does not say which model it is; write its Model by hand"
        )
        return
    carried = frozenset({"type", "name", "model"})
    add_model(intake, "model", vendor, id_, {**config, **options}, carried)
