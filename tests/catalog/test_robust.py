"""No document, however mangled, makes the loader or a check raise."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.catalog.checks import check
from mooring.catalog.load import load
from mooring.catalog.source import Unreadable

pytestmark = pytest.mark.slow

BASE = Path(__file__).parents[1] / "examples" / "base"
FILES = {path.relative_to(BASE).as_posix(): path.read_text(encoding="utf-8") for path in BASE.rglob("*.yaml")}
PLACES = [
    (file, number)
    for file, text in sorted(FILES.items())
    for number, line in enumerate(text.splitlines())
    if number and ":" in line
]
VALUES = ["", "1", "-1", "x", "[x]", "[1, [x]]", "{x: 1}", "{x: {y: 1}}", "true", "[]", "{}", "[{}]", "'{'", "1e400"]
VALUES += ["'{{ x'", "'{% include 1 %}'", "'http://[::'", "'['", "'..'", "'*'", "x:99999", "{$ref: 1}", "{items: x}"]
VALUES += [
    "{type: object, properties: [x]}",
    "{properties: {message: true}}",
    "{properties: {message: {type: [string]}}}",
]
FRAGILE = (
    "inputSchema",
    "outputSchema",
    "schema",
    "required",
    "properties",
    "message",
    "type",
    "baseUrl",
    "path",
    "expect",
)


@dataclass
class Files:
    """A source in memory."""

    texts: Mapping[str, str]
    label: str = "memory"

    def files(self) -> dict[str, bytes | Unreadable]:
        return {file: text.encode() for file, text in self.texts.items()}

    def code(self) -> dict[str, bytes | Unreadable]:
        return {}

    def histories(self) -> dict[str, bytes | Unreadable]:
        return {}


def judge(texts: Mapping[str, str]) -> None:
    catalog, found = load(Files(texts))
    found += check(catalog)
    assert all(finding.check and finding.message and finding.fix for finding in found)


def replaced(text: str, number: int, value: str) -> str:
    """The text with another value for the key on a line; what was nested below it is gone."""
    lines = text.splitlines()
    depth = len(lines[number]) - len(lines[number].lstrip())
    end = number + 1
    while end < len(lines) and len(lines[end]) - len(lines[end].lstrip()) > depth:
        end += 1
    return "\n".join([*lines[:number], f"{lines[number].split(':')[0]}: {value}", *lines[end:], ""])


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(VALUES)), min_size=1, max_size=4))
def test_every_mangled_tree_is_judged(changes: list[tuple[tuple[str, int], str]]) -> None:
    texts = dict(FILES)
    for (file, number), value in changes:
        if number < len(texts[file].splitlines()):
            texts[file] = replaced(texts[file], number, value)
    judge(texts)


@pytest.mark.parametrize("key", FRAGILE)
def test_every_odd_value_where_documents_are_free_in_their_shape_is_judged(key: str) -> None:
    for file, number in PLACES:
        if FILES[file].splitlines()[number].strip(" -").startswith(f"{key}:"):
            for value in VALUES:
                judge(FILES | {file: replaced(FILES[file], number, value)})


@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.sampled_from(sorted(FILES))))
def test_every_tree_of_mixed_up_files_is_judged(swaps: dict[str, str]) -> None:
    judge(FILES | {file: FILES[other] for file, other in swaps.items()})
