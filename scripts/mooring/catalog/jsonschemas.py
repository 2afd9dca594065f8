"""The JSON Schemas inside documents: draft 2020-12, closed vocabulary, references within the schema only.

Stricter than the meta-schema, which takes a misspelt keyword for an annotation and then checks nothing.
Keywords that move the base of references (`$id`, `$anchor`, `$dynamicRef`) are not used here.
"""

from collections.abc import Callable, Iterator
from typing import Any

from mooring.catalog.nearest import suggestion
from mooring.catalog.patterns import pattern_problem

Problem = tuple[str, str, str]
"""(name of the check, dotted path inside the schema, message)"""

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _count(value: Any) -> bool:
    return _number(value) and value >= 0 and value == int(value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value) and len(set(value)) == len(value)


def _type(value: Any) -> bool:
    return value in TYPES if isinstance(value, str) else _texts(value) and bool(value) and set(value) <= set(TYPES)


_VALUES: dict[str, tuple[Callable[[Any], bool], str]] = {
    **dict.fromkeys(
        ("title", "description", "$comment", "format", "pattern", "$ref", "contentEncoding", "contentMediaType"),
        (lambda value: isinstance(value, str), "is text"),
    ),
    **dict.fromkeys(
        (f"{end}{what}" for end in ("min", "max") for what in ("Length", "Items", "Properties", "Contains")),
        (_count, "is a whole number from 0"),
    ),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (_number, "is a number")),
    **dict.fromkeys(
        ("uniqueItems", "deprecated", "readOnly", "writeOnly"),
        (lambda value: isinstance(value, bool), "is true or false"),
    ),
    **dict.fromkeys(("enum", "examples"), (lambda value: isinstance(value, list), "is a list")),
    **dict.fromkeys(("default", "const"), (lambda value: True, "")),
    "multipleOf": (lambda value: _number(value) and value > 0, "is a number above 0"),
    "required": (_texts, "is a list of different names"),
    "dependentRequired": (
        lambda value: isinstance(value, dict) and all(map(_texts, value.values())),
        "maps names to lists of names",
    ),
    "type": (_type, f"is one of {', '.join(TYPES)}, or a list of them"),
    "$schema": (lambda value: value == DRAFT, f"is {DRAFT}"),
}
_ONE = frozenset(
    {"not", "if", "then", "else", "items", "contains", "additionalProperties", "propertyNames"}
    | {"unevaluatedItems", "unevaluatedProperties", "contentSchema"}
)
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_MAPS = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})
KEYWORDS = (*_VALUES, *_ONE, *_LISTS, *_MAPS)


def properties(schema: Any) -> dict[str, Any]:
    """The properties of a schema that may be broken."""
    found = schema.get("properties") if isinstance(schema, dict) else None
    return found if isinstance(found, dict) else {}


def required(schema: Any) -> list[str]:
    """The required names of a schema that may be broken."""
    found = schema.get("required") if isinstance(schema, dict) else None
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []


def schema_problems(schema: Any) -> list[Problem]:
    """Everything wrong with a schema, in the order it is written."""
    return list(_schema(schema, schema, ""))


def _schema(root: Any, schema: Any, path: str) -> Iterator[Problem]:
    if isinstance(schema, bool):
        return
    if not isinstance(schema, dict):
        yield "json-schema", path, "a schema is a mapping, true or false"
        return
    for keyword, value in schema.items():
        yield from _keyword(root, keyword, value, f"{path}.{keyword}" if path else keyword)
    for index, name in enumerate(required(schema) if "properties" in schema else ()):
        if name not in properties(schema):
            message = f"{name!r} is required but no property{suggestion(name, properties(schema))}"
            yield "schema-required", _join(path, "required", index), message


def _keyword(root: Any, keyword: str, value: Any, path: str) -> Iterator[Problem]:
    if keyword in _VALUES:
        yield from _value(root, keyword, value, path)
    elif keyword in _ONE:
        yield from _schema(root, value, path)
    elif keyword in _LISTS:
        yield from _list(root, keyword, value, path)
    elif keyword in _MAPS:
        yield from _map(root, keyword, value, path)
    elif not keyword.startswith("x-"):
        yield "json-schema", path, f"unknown keyword {keyword!r}{suggestion(keyword, KEYWORDS)}"


def _value(root: Any, keyword: str, value: Any, path: str) -> Iterator[Problem]:
    fits, words = _VALUES[keyword]
    if not fits(value):
        yield "json-schema", path, f"{keyword} {words}"
    elif keyword == "$ref":
        yield from _reference(root, value, path)
    elif keyword == "pattern" and (problem := pattern_problem(value)):
        yield "schema-pattern", path, f"the pattern {problem}"


def _list(root: Any, keyword: str, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, list) or not value:
        yield "json-schema", path, f"{keyword} is a list of schemas, not empty"
        return
    for index, part in enumerate(value):
        yield from _schema(root, part, _join(path, index))


def _map(root: Any, keyword: str, value: Any, path: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield "json-schema", path, f"{keyword} maps names to schemas"
        return
    for name, part in value.items():
        if keyword == "patternProperties" and (problem := pattern_problem(name)):
            yield "schema-pattern", _join(path, name), f"the pattern {problem}"
        yield from _schema(root, part, _join(path, name))


def _reference(root: Any, target: str, path: str) -> Iterator[Problem]:
    if not target.startswith("#"):
        yield "schema-ref", path, "points outside this schema; nothing is fetched, so write the part under $defs"
        return
    at = root
    for step in target[1:].split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        if isinstance(at, list):
            at = dict(enumerate(at)).get(int(key) if key.isdecimal() else -1)
        else:
            at = at.get(key) if isinstance(at, dict) else None
    if not isinstance(at, dict | bool) or not (target == "#" or target.startswith("#/")):
        yield "schema-ref", path, f"points to {target}, which is not in this schema"


def _join(path: str, *steps: str | int) -> str:
    return ".".join([*([path] if path else []), *map(str, steps)])
