"""JSON Schemas in documents, held against the meta-schema of draft 2020-12."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mooring.catalog.jsonschemas import KEYWORDS, TYPES, schema_problems

SIMPLE: st.SearchStrategy[Any] = st.sampled_from(
    [None, True, 0, 1, -1, 1.5, "", "text", "object", "[", "#", [], ["a"], ["a", "a"], [1], {}]
)
SCHEMAS = st.recursive(
    SIMPLE,
    lambda inner: (
        st.dictionaries(st.sampled_from(KEYWORDS), inner, max_size=3)
        | st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2)
    ),
    max_leaves=6,
)


def meta_schema_accepts(schema: Any) -> bool:
    return Draft202012Validator(Draft202012Validator.META_SCHEMA).is_valid(schema)


@pytest.mark.slow
@given(SCHEMAS)
def test_what_the_meta_schema_refuses_is_a_problem(schema: Any) -> None:
    assert meta_schema_accepts(schema) or schema_problems(schema)


@given(st.sampled_from(KEYWORDS), SIMPLE)
def test_what_the_meta_schema_takes_is_none_but_for_what_we_do_not_use(keyword: str, value: Any) -> None:
    stricter = {"$ref", "$schema", "pattern", "required"}
    if keyword not in stricter and meta_schema_accepts({keyword: value}) and not isinstance(value, dict):
        assert schema_problems({keyword: value}) == []


@pytest.mark.slow
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=3)))
def test_nothing_raises(value: Any) -> None:
    for keyword in KEYWORDS:
        schema_problems({keyword: value})
        schema_problems({keyword: {"a": value}})


def test_every_type_is_known() -> None:
    assert schema_problems({"anyOf": [{"type": name} for name in TYPES]}) == []
    assert schema_problems({"type": list(TYPES)}) == []


@pytest.mark.parametrize(
    ("schema", "check", "path"),
    [
        ({"properties": {"a": {"typ": "string"}}}, "json-schema", "properties.a.typ"),
        ({"properties": {"a.b": {"type": "text"}}}, "json-schema", "properties.a.b.type"),
        ({"allOf": [True, {"minLength": -1}]}, "json-schema", "allOf.1.minLength"),
        ({"$id": "https://schemas.example"}, "json-schema", "$id"),
        ({"items": {"$ref": "letter.json"}}, "schema-ref", "items.$ref"),
        ({"$ref": "#letter"}, "schema-ref", "$ref"),
        ({"$ref": "#/allOf/2", "allOf": [True]}, "schema-ref", "$ref"),
        ({"required": ["a"], "properties": {}}, "schema-required", "required.0"),
        ({"patternProperties": {"(": True}}, "schema-pattern", "patternProperties.("),
    ],
)
def test_a_problem_says_where_it_is(schema: Any, check: str, path: str) -> None:
    assert [problem[:2] for problem in schema_problems(schema)] == [(check, path)]


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"$ref": "#/allOf/0", "allOf": [True]},
        {"$ref": "#/$defs/a~1b~0c", "$defs": {"a/b~c": {}}},
        {"required": ["a"]},
        {"x-anything": {"at": "all"}},
        {"default": {"$ref": "text"}, "const": None, "enum": [{}]},
    ],
)
def test_what_is_allowed_is_no_problem(schema: Any) -> None:
    assert schema_problems(schema) == []
