"""Picoschema written out. One case for each situation that dotprompt's specification has, in words of our own.

Source: https://github.com/google/dotprompt/blob/main/spec/picoschema.yaml
"""

from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.parse import parse
from mooring.exchange.intake import Wishes
from mooring.exchange.picoschema import schema
from mooring.exchange.reading import take


def read(text: str) -> tuple[Any, list[str]]:
    """(the schema below `s:` of a YAML text written out, paths of what was left)."""
    parsed = parse("x.prompt", text.encode())
    assert parsed.data is not None
    left: list[str] = []
    return schema(parsed.data["s"], lambda path, why: left.append(path), "s"), left


def closed(properties: dict[str, Any], *required: str, others: Any = False) -> dict[str, Any]:
    shape = {"type": "object", "additionalProperties": others, "properties": properties}
    return shape | ({"required": list(required)} if required else {})


WRITTEN_OUT: dict[str, tuple[str, Any]] = {
    "a scalar": ("s: integer", {"type": "integer"}),
    "a scalar, as an input too": ("s: string", {"type": "string"}),
    "a description": ("s: boolean, paid or not", {"type": "boolean", "description": "paid or not"}),
    "no space before it": ("s: boolean,paid", {"type": "boolean", "description": "paid"}),
    "commas inside it": ("s: string,first, then, last", {"type": "string", "description": "first, then, last"}),
    "much space before it": ("s: string,     far", {"type": "string", "description": "far"}),
    "an object": (
        "s: {order: string, items: number}",
        closed({"order": {"type": "string"}, "items": {"type": "number"}}, "order", "items"),
    ),
    "a field that is optional": (
        "s:\n  order: string, its number\n  note?: string, from the guest",
        closed(
            {
                "order": {"type": "string", "description": "its number"},
                "note": {"type": ["string", "null"], "description": "from the guest"},
            },
            "order",
        ),
    ),
    "arrays of scalars": (
        "s:\n  sizes(array, in stock): integer, EU size\n  colours(array): string",
        closed(
            {
                "sizes": {
                    "type": "array",
                    "description": "in stock",
                    "items": {"type": "integer", "description": "EU size"},
                },
                "colours": {"type": "array", "items": {"type": "string"}},
            },
            "sizes",
            "colours",
        ),
    ),
    "objects inside of objects and arrays": (
        "s:\n  to?(object, where it goes):\n    city?: string\n  lines(array, of the order):\n    gift?: boolean",
        closed(
            {
                "to": closed({"city": {"type": ["string", "null"]}})
                | {"type": ["object", "null"], "description": "where it goes"},
                "lines": {
                    "type": "array",
                    "description": "of the order",
                    "items": closed({"gift": {"type": ["boolean", "null"]}}),
                },
            },
            "lines",
        ),
    ),
    "JSON Schema, told by its type": ("s: {type: number}", {"type": "number"}),
    "JSON Schema, told by its properties": (
        "s: {properties: {city: {type: string}}}",
        {"type": "object", "properties": {"city": {"type": "string"}}},
    ),
    "an enum that is optional": (
        "s:\n  size?(enum, of the tent): [S, M]",
        closed({"size": {"enum": ["S", "M", None], "description": "of the tent"}}),
    ),
    "any": ("s:\n  a: any\n  b?: any, whatever", closed({"a": {}, "b": {"description": "whatever"}}, "a")),
    "others beside a field": (
        "s:\n  id: string, of the order\n  (*): any, more",
        closed({"id": {"type": "string", "description": "of the order"}}, "id", others={"description": "more"}),
    ),
    "others only": ("s:\n  (*): integer, pieces", closed({}, others={"type": "integer", "description": "pieces"})),
    "lines that end in CR LF": ("s:\r\n  a: string\r\n", closed({"a": {"type": "string"}}, "a")),
}
BEYOND: dict[str, tuple[str, Any]] = {
    "an enum": ("s:\n  size(enum): [S, M]", closed({"size": {"enum": ["S", "M"]}}, "size")),
    "an enum that has null": ("s:\n  size?(enum): [S, null]", closed({"size": {"enum": ["S", None]}})),
    "an optional null": ("s:\n  a?: null", closed({"a": {"type": "null"}})),
    "an optional array": (
        "s:\n  a?(array, words): string",
        closed({"a": {"type": ["array", "null"], "items": {"type": "string"}, "description": "words"}}),
    ),
    "string[]": ("s: string[]", {"type": "array", "items": {"type": "string"}}),
    "an optional string[]": (
        "s:\n  a?: string[], words",
        closed({"a": {"type": ["array", "null"], "items": {"type": "string"}, "description": "words"}}),
    ),
    "an object told by nesting alone": (
        "s:\n  to?:\n    city: string",
        closed({"to": closed({"city": {"type": "string"}}, "city") | {"type": ["object", "null"]}}),
    ),
}


@pytest.mark.parametrize("case", WRITTEN_OUT)
def test_what_the_specification_has_is_written_out_as_it_says(case: str) -> None:
    text, expected = WRITTEN_OUT[case]
    assert read(text) == (expected, [])


@pytest.mark.parametrize("case", BEYOND)
def test_neighbours_of_those_cases_are_written_out_alike(case: str) -> None:
    text, expected = BEYOND[case]
    assert read(text) == (expected, [])


@pytest.mark.parametrize("text", ["s: Guest, of the house", "s:\n  who: Guest\n  other?: Guest, a friend"])
def test_a_schema_that_has_only_a_name_is_told(text: str) -> None:
    """The last two cases of the specification: the schema stands in another file, which is not read."""
    made, left = read(text)
    assert not made or made["properties"] == {}
    assert left == (["s"] if made is None else ["s.who", "s.other?"])


def test_what_is_no_picoschema_is_told() -> None:
    assert read("s:\n  x: Guest[]\n  y(enum): no list\n  z: 3\n  a(map): string\n  (*: string")[1] == [
        *("s.x", "s.y(enum)", "s.z", "s.a(map)", "s.(*"),
    ]


def test_the_message_is_never_null(tmp_path: Path) -> None:
    file = tmp_path / "x.prompt"
    file.write_text("---\ninput:\n  schema:\n    question?: string\n    more?: string\n---\n{{question}} {{more}}")
    (draft,) = take(file.name, file, None, Wishes()).drafts
    schema = draft.data["input"]["schema"]
    assert (schema["required"], schema["properties"]["message"]["type"]) == (["message"], "string")
    assert schema["properties"]["more"]["type"] == ["string", "null"]


def test_an_input_that_is_no_object_is_told(tmp_path: Path) -> None:
    file = tmp_path / "x.prompt"
    file.write_text("---\ninput:\n  schema: string\n---\nHello")
    assert "input.schema" in [note.path for note in take(file.name, file, None, Wishes()).left]
