"""Picoschema, dotprompt's short form of JSON Schema, written out.

Source: https://google.github.io/dotprompt/reference/picoschema/. Beyond it, `string[]` is read as an array of strings.
"""

import re
from collections.abc import Callable
from typing import Any

_SCALARS = ("string", "boolean", "null", "number", "integer")
_KEY = re.compile(r"(?P<name>[^?(]+)(?P<optional>\?)?(?:\((?P<kind>array|object|enum)(?:,\s*(?P<says>.*))?\))?")
_OTHERS = re.compile(r"\(\*(?:,\s*(?P<says>.*))?\)")

Leave = Callable[[str, str], None]


def schema(value: Any, leave: Leave, path: str) -> dict[str, Any] | None:
    """JSON Schema of Picoschema; what is JSON Schema already is given back. None where it cannot be read."""
    if isinstance(value, str):
        return _scalar(value, leave, path)
    if not isinstance(value, dict):
        leave(path, "is no schema")
        return None
    if value.get("type") in (*_SCALARS, "object", "array") or "$ref" in value:
        return dict(value)
    if isinstance(value.get("properties"), dict):
        return {"type": "object", **value}
    return _mapping(value, leave, path)


def _mapping(value: dict[str, Any], leave: Leave, path: str) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required = []
    others: Any = False
    for key, below in value.items():
        found = _KEY.fullmatch(key)
        place = f"{path}.{key}"
        if wild := _OTHERS.fullmatch(key):
            others = schema(below, leave, place)
            others = True if others is None else others | _says(wild["says"])
        elif found is None:
            leave(place, "is no key of Picoschema")
        elif (made := _property(found["kind"], below, leave, place)) is not None:
            name = found["name"].strip()
            properties[name] = (_nullable(made) if found["optional"] else made) | _says(found["says"])
            required += [] if found["optional"] else [name]
    shape = {"type": "object", "additionalProperties": others}
    return shape | ({"required": required} if required else {}) | {"properties": properties}


def _says(text: str | None) -> dict[str, str]:
    return {"description": text.strip()} if text and text.strip() else {}


def _property(kind: str | None, below: Any, leave: Leave, path: str) -> dict[str, Any] | None:
    if kind == "enum":
        if isinstance(below, list):
            return {"enum": below}
        leave(path, "an enum is a list")
        return None
    made = schema("null" if below is None else below, leave, path)  # the word `null`, as YAML reads it
    return {"type": "array", "items": made} if kind == "array" and made is not None else made


def _nullable(made: dict[str, Any]) -> dict[str, Any]:
    """The schema of an optional field: by the specification it may be null as well as absent."""
    if isinstance(made.get("enum"), list) and None not in made["enum"]:
        made = made | {"enum": [*made["enum"], None]}
    kind = made.get("type")
    kinds = [kind] if isinstance(kind, str) else kind
    return made | {"type": [*kinds, "null"]} if isinstance(kinds, list) and "null" not in kinds else made


def _scalar(text: str, leave: Leave, path: str) -> dict[str, Any] | None:
    kind, _, says = (part.strip() for part in text.partition(","))
    plain = kind.removesuffix("[]")
    if plain not in (*_SCALARS, "any"):
        leave(path, f"the type {kind!r} is defined elsewhere")
        return None
    made = {} if plain == "any" else {"type": plain}
    return ({"type": "array", "items": made} if kind.endswith("[]") else made) | _says(says)
