"""Picoschema, dotprompt's short form of JSON Schema, written out.

Source: https://google.github.io/dotprompt/reference/picoschema/
"""

import re
from collections.abc import Callable
from typing import Any

_SCALARS = ("string", "boolean", "null", "number", "integer")
_KEY = re.compile(r"(?P<name>[^?(]+)(?P<optional>\?)?(?:\((?P<kind>array|object|enum|\*)(?:,\s*(?P<says>.*))?\))?")

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
        if key.startswith("(*)"):
            others = schema(below, leave, place) or True
        elif found is None:
            leave(place, "is no key of Picoschema")
        elif (made := _property(found["kind"], below, leave, place)) is not None:
            name = found["name"].strip()
            properties[name] = made | ({"description": found["says"]} if found["says"] else {})
            required += [] if found["optional"] else [name]
    shape = {"type": "object", "additionalProperties": others}
    return shape | ({"required": required} if required else {}) | {"properties": properties}


def _property(kind: str | None, below: Any, leave: Leave, path: str) -> dict[str, Any] | None:
    if kind == "enum":
        if isinstance(below, list):
            return {"enum": below}
        leave(path, "an enum is a list")
        return None
    made = schema(below, leave, path)
    return {"type": "array", "items": made} if kind == "array" and made is not None else made


def _scalar(text: str, leave: Leave, path: str) -> dict[str, Any] | None:
    kind, _, says = (part.strip() for part in text.partition(","))
    if kind not in (*_SCALARS, "any"):
        leave(path, f"the type {kind!r} is defined elsewhere")
        return None
    return ({} if kind == "any" else {"type": kind}) | ({"description": says} if says else {})
