"""dotprompt files (.prompt): YAML front matter and a Handlebars template.

Source: https://google.github.io/dotprompt/reference/frontmatter/
"""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from mooring.exchange import handlebars, picoschema
from mooring.exchange.files import front_matter
from mooring.exchange.intake import Intake, kebab
from mooring.exchange.models import add_model
from mooring.exchange.prompts import add_prompt

_WHY = {
    "tools": "an agent names its tools; import their definitions as openai or mcp",
    "toolDefinitions": "an agent names its tools; import their definitions as openai or mcp",
    "variant": "a variant is a document of its own here",
    "version": "every document starts at 1.0.0",
    "metadata": "documents have no free data",
    "ext": "documents have no free data",
}


def read(content: bytes, intake: Intake) -> None:
    """One prompt, and its model. Raises Unusable."""
    data, body, lines = front_matter(intake.file, content)
    carried = {"name", "description", "model", "config", "input", "output"}
    intake.leave_rest("", data, _WHY, carried)
    declared = _input(intake, data.get("input"))
    optional = set(declared.get("properties", {})) - set(declared.get("required", ())) if declared else set()
    messages = handlebars.messages(body, optional, intake.leave, lines)
    output = _output(intake, data.get("output"))
    name = kebab(data.get("name") or PurePath(intake.file).stem, "prompt")
    add_prompt(intake, f"imported/{name}", data.get("description"), messages, declared, output)
    _model(intake, data)


def _input(intake: Intake, given: Any) -> dict[str, Any] | None:
    if not isinstance(given, dict):
        return None
    intake.leave_rest("input", given, {"default": "an agent's `variables` say what is always the same"}, {"schema"})
    if "schema" not in given:
        return None
    found = picoschema.schema(given["schema"], intake.leave, "input.schema")
    if not found or not isinstance(found.get("properties"), dict):
        intake.leave("input.schema", "is no object with properties, so no input of the template is declared by it")
        return None
    required = found.get("required")
    return {
        **found,
        "required": [name for name in required if str(name) in found["properties"]]
        if isinstance(required, list)
        else [],
    }


def _output(intake: Intake, given: Any) -> Mapping[str, Any] | None:
    if not isinstance(given, dict):
        return None
    intake.leave_rest("output", given, {}, {"schema", "format"})
    if "schema" not in given:
        return None
    return picoschema.schema(given["schema"], intake.leave, "output.schema")


def _model(intake: Intake, data: Mapping[str, Any]) -> None:
    model, config = data.get("model"), data.get("config")
    if isinstance(model, str) and "/" in model:
        vendor, _, id_ = model.partition("/")
        add_model(intake, "model", vendor, id_, config if isinstance(config, dict) else {})
    elif model is not None or config is not None:
        intake.leave("model", "no vendor is named (vendor/model), so there is no Model document and no `config`")
