"""Pydantic's errors as findings: with a line, a dotted YAML path, and words for a person.

Values are never repeated in messages: one of them may be a secret.
"""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mooring.catalog.nearest import suggestion
from mooring.catalog.parse import Parsed
from mooring.finding import Finding
from mooring.spec import Document
from mooring.spec.rungs import MAPPING, NAME

_PLAIN = {
    "string_type": "is text here",
    "bool_type": "is true or false here",
    "int_type": "is a whole number here",
    "int_from_float": "is a whole number here",
    "float_type": "is a number here",
    "dict_type": "is a mapping here",
    "model_type": "is a mapping here",
    "tuple_type": "is a list here",
    "model_attributes_type": "is a mapping here",
    "none_required": "is empty here",
}


def explain(file: str, parsed: Parsed, kind: type[Document], error: ValidationError) -> list[Finding]:
    """One finding for each error."""
    details = error.errors(include_url=False, include_input=False)
    return [_finding(file, parsed, kind, detail) for detail in details if not _follows(detail, details)]


def _follows(detail: ErrorDetails, details: list[ErrorDetails]) -> bool:
    """Whether a list is too short only because pydantic counts no item that is wrong itself."""
    at = detail["loc"]
    return detail["type"] == "too_short" and any(at == other["loc"][: len(at)] != other["loc"] for other in details)


def _finding(file: str, parsed: Parsed, kind: type[Document], detail: ErrorDetails) -> Finding:
    place, model = _place(kind, detail["loc"])
    path = ".".join(str(step) for step in place)
    line = parsed.lines.at(place)
    if detail["type"] == "extra_forbidden":
        key = str(place[-1])
        message = f"unknown key {key!r}{suggestion(key, _keys(model))}"
        return Finding(file, line, path, message, "unknown-key")
    if detail["type"] == "missing":
        check = "tool-hints" if place[0] == "annotations" else "missing-key"
        return Finding(file, line, path, f"key {str(place[-1])!r} is missing", check)
    if detail["type"] == "union_tag_not_found":
        return Finding(file, line, path, f"key {_discriminator(detail)!r} is missing", "missing-key")
    return Finding(file, line, path, _words(detail), "value")


def _words(detail: ErrorDetails) -> str:
    if detail["type"] in _PLAIN:
        return f"the value {_PLAIN[detail['type']]}"
    if detail["type"] == "union_tag_invalid":
        return f"`{_discriminator(detail)}` must be one of {detail['ctx']['expected_tags']}"
    message = detail["msg"]
    for old, new in (
        ("Input should", "must"),
        ("String should", "must"),
        ("Value should", "must"),
        ("Tuple should", "the list must"),
        ("Dictionary should", "the mapping must"),
        (" after validation", ""),
    ):
        message = message.replace(old, new)
    return message[0].lower() + message[1:]


def _place(kind: type[BaseModel], steps: tuple[int | str, ...]) -> tuple[tuple[int | str, ...], type[BaseModel] | None]:
    """(the place in the document, the model that its last step is a key of), found by walking the models.

    Where a place holds one of several models, pydantic adds the `type` or `kind` of the one that was meant as a step,
    and which of its two forms a rung has.
    """
    place: list[int | str] = []
    models: list[type[BaseModel]] = [kind]
    holder: type[BaseModel] | None = kind
    for step in steps:
        if step in (NAME, MAPPING):
            continue
        if len(models) > 1 and isinstance(step, str):
            models = [model for model in models if _tagged(model, step)]
            continue
        place.append(step)
        if isinstance(step, int):
            continue
        holder = models[0] if models else None
        fields = {field.alias or name: field for name, field in holder.model_fields.items()} if holder else {}
        models = _models_of(fields[step].annotation) if step in fields else []
    return tuple(place), holder


def _tagged(model: type[BaseModel], tag: str) -> bool:
    fields = (model.model_fields.get(name) for name in ("type", "kind"))
    return any(tag in get_args(field.annotation) for field in fields if field)


def _discriminator(detail: ErrorDetails) -> str:
    return str(detail["ctx"]["discriminator"]).strip("'")


def _keys(model: type[BaseModel] | None) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _models_of(annotation: Any) -> list[type[BaseModel]]:
    """The models inside an annotation such as `tuple[Message, ...]` or `Part | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models_of(part)]
