"""A value that fits a JSON Schema, always the same one: for structured answers and calls a client insists on."""

from typing import Any

_TEXTS = {"date": "2025-01-01", "date-time": "2025-01-01T00:00:00Z", "email": "someone@acme.example"}
_MAX_DEPTH = 8


def example(schema: dict[str, Any], text: str, root: dict[str, Any] | None = None, depth: int = 0) -> Any:
    """The smallest value that fits, with `text` wherever any text will do.

    `$ref` within the schema is followed; patterns are not."""
    root = schema if root is None else root
    if depth > _MAX_DEPTH:
        return None
    if reference := schema.get("$ref"):
        return example(_resolve(root, reference), text, root, depth + 1)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if options := schema.get("anyOf") or schema.get("oneOf"):
        return example(options[0], text, root, depth + 1)
    kind = schema.get("type", "object" if "properties" in schema else "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind == "object":
        properties = schema.get("properties", {})
        wanted = schema.get("required", properties)
        return {name: example(properties.get(name, {}), text, root, depth + 1) for name in wanted}
    if kind == "array":
        return [example(schema.get("items", {}), text, root, depth + 1)] * schema.get("minItems", 0)
    return _scalar(kind, schema, text)


def _scalar(kind: str, schema: dict[str, Any], text: str) -> Any:
    if kind in ("integer", "number"):
        return schema.get("minimum", 0)
    if kind == "boolean":
        return False
    if kind == "null":
        return None
    return _TEXTS.get(schema.get("format", ""), text)[: schema.get("maxLength")]


def _resolve(root: dict[str, Any], reference: str) -> dict[str, Any]:
    found: Any = root
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step, {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}
