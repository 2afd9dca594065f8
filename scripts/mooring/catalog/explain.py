"""Pydantic's errors as findings: with a line, a dotted YAML path, and words for a person.

Values are never repeated in messages: one of them may be a secret.
"""

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from mooring.catalog.nearest import suggestion
from mooring.catalog.parse import Parsed
from mooring.finding import Finding
from mooring.spec import Document

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
    return [_finding(file, parsed, kind, detail) for detail in details]


def _finding(file: str, parsed: Parsed, kind: type[Document], detail: ErrorDetails) -> Finding:
    place = tuple(detail["loc"])
    path = ".".join(str(step) for step in place)
    line = parsed.lines.at(place)
    if detail["type"] == "extra_forbidden":
        key = str(place[-1])
        message = f"unknown key {key!r}{suggestion(key, _keys(kind, place[:-1]))}"
        return Finding(file, line, path, message, "unknown-key")
    if detail["type"] == "missing":
        check = "tool-hints" if place[0] == "annotations" else "missing-key"
        return Finding(file, line, path, f"key {str(place[-1])!r} is missing", check)
    return Finding(file, line, path, _words(detail), "value")


def _words(detail: ErrorDetails) -> str:
    if detail["type"] in _PLAIN:
        return f"the value {_PLAIN[detail['type']]}"
    message = detail["msg"]
    for old, new in (
        ("Input should", "must"),
        ("String should", "must"),
        ("Value should", "must"),
        ("Tuple should", "the list must"),
        ("Dictionary should", "the mapping must"),
    ):
        message = message.replace(old, new)
    return message[0].lower() + message[1:]


def _keys(kind: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The keys known at `place`, found by walking the models."""
    model: Any = kind
    for step in place:
        if isinstance(step, int):
            continue
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        model = _model_of(fields[step].annotation) if step in fields else None
        if model is None:
            return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(annotation: Any) -> type[BaseModel] | None:
    """The model inside an annotation such as `tuple[Message, ...]` or `Part | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = getattr(annotation, "__args__", ())
    return next((model for part in inside if (model := _model_of(part)) is not None), None)
