"""YAML in, plain data with positions out; bad text never raises."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.catalog.parse import MAX_INTEGER, parse
from mooring.catalog.source import MAX_BYTES

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
)
LETTERS = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff")
KEYS = st.text(LETTERS, max_size=9).filter(lambda key: key != "<<")
VALUES = st.recursive(
    SCALARS | KEYS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
)


def value(text: str) -> Any:
    parsed = parse("f.yaml", f"x: {text}".encode())
    assert parsed.findings == []
    assert parsed.data is not None
    return parsed.data["x"]


@given(st.binary(max_size=200))
def test_any_bytes_are_either_a_mapping_or_findings(content: bytes) -> None:
    parsed = parse("f.yaml", content)
    assert (parsed.data is not None) or parsed.findings


@given(st.text(alphabet="ab: -[]{},&*!|>'\"%@`?#\n\t0.~<", max_size=60))
def test_any_punctuation_is_either_a_mapping_or_findings(text: str) -> None:
    parsed = parse("f.yaml", text.encode())
    assert (parsed.data is not None) or parsed.findings


@pytest.mark.slow
@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_json_is_yaml_and_means_the_same(data: dict[str, Any]) -> None:
    parsed = parse("f.yaml", json.dumps(data, ensure_ascii=False).encode())
    assert parsed.findings == []
    assert parsed.data == data


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("12:30:00", "12:30:00"),
        ("2025-01-01", "2025-01-01"),
        ("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("1.0.0", "1.0.0"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("", None),
        ("null", None),
        ("-7", -7),
        ("0o17", 15),
        ("0xff", 255),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("'7'", "7"),
        ('"true"', "true"),
        ("=", "="),
    ],
)
def test_scalars_follow_the_core_schema_of_yaml_1_2(text: str, expected: object) -> None:
    found = value(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("word", ["y", "n", "yes", "no", "on", "off"])
@pytest.mark.parametrize("case", [str.lower, str.capitalize, str.upper])
def test_truth_values_of_yaml_1_1_are_text(word: str, case: Callable[[str], str]) -> None:
    assert value(case(word)) == case(word)


@pytest.mark.parametrize("bomb", ["[", "{a: ", "- ", "? ", "[{a: ", "- - [ "])
def test_a_file_full_of_openings_ends_at_once(bomb: str) -> None:
    """libyaml's composer, which recurses in C, takes the whole process down on this."""
    start = time.monotonic()
    parsed = parse("f.yaml", (bomb * MAX_BYTES)[:MAX_BYTES].encode())
    assert {finding.check for finding in parsed.findings} <= {"yaml-depth", "yaml-syntax"}
    assert parsed.data is None
    assert time.monotonic() - start < 5


def test_keys_are_text_whatever_they_look_like() -> None:
    parsed = parse("f.yaml", b"1: a\ntrue: b\nnull: c\n")
    assert parsed.data == {"1": "a", "true": "b", "null": "c"}


def test_every_position_is_known_by_its_path() -> None:
    text = "a: 1\nb:\n  c:\n    - x\n    - d: |\n        one\n        two\n  e.f: {g: 2}\nh: >-\n  folded\n"
    lines = parse("f.yaml", text.encode()).lines
    assert [lines.at(path) for path in ("a", "b.c", "b.c.0", "b.c.1.d", "b.e.f", "b.e.f.g", "h")] == [
        1,
        3,
        4,
        5,
        8,
        8,
        9,
    ]
    assert lines.text("b.c.1.d", 2) == 7
    assert lines.text("h", 1) == 9


def test_an_unknown_position_is_that_of_the_nearest_parent() -> None:
    lines = parse("f.yaml", b"a: 1\nb:\n  - c: 2\n").lines
    assert [lines.at(path) for path in ("zz", "b.7.c", "b.0.x.y", "a.b", "")] == [1, 2, 3, 1, 1]
    assert lines.at(("b", 0, "c")) == 3


def test_a_duplicate_says_where_the_first_is_and_the_rest_is_still_read() -> None:
    parsed = parse("f.yaml", b"a: 1\nb: 2\na: 3\nc: &x 4\n")
    assert [(finding.line, finding.check) for finding in parsed.findings] == [(3, "duplicate-key"), (4, "yaml-alias")]
    assert "line 1" in parsed.findings[0].message
