"""A value is taken out of a document's text, and nothing else changes."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from mooring.catalog.editing.removal import without
from tests.repository import CONTENT

FILES = [
    "configs/environments/local.yaml",
    "configs/operations/guards.yaml",
    "configs/tools/shop/open-ticket.yaml",
    "prompts/support/main.yaml",
]


def paths(data: Any, above: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The path of every value that is not the only one of its list or mapping."""
    items = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    for key, value in items:
        if len(items) > 1:
            yield (*above, key)
        yield from paths(value, (*above, key))


@pytest.mark.slow
@pytest.mark.parametrize("file", FILES)
def test_whatever_is_taken_out_everything_else_reads_the_same(file: str) -> None:
    text = (CONTENT / file).read_text()
    data = yaml.safe_load(text)
    tried = 0
    for path in paths(data):
        expected = copy.deepcopy(data)
        parent = expected
        for step in path[:-1]:
            parent = parent[step]
        del parent[path[-1]]
        assert yaml.safe_load(without(text, path)) == expected, path
        tried += 1
    assert tried > 15


def test_comments_stay_except_the_one_about_what_goes() -> None:
    text = "# head\na: 1\n# about b\nb:\n  - x # one\n  # about y\n  - y\nc: 3 # end\n"
    assert without(text, ["b", 1]) == "# head\na: 1\n# about b\nb:\n  - x # one\nc: 3 # end\n"
    assert without(text, ["b"]) == "# head\na: 1\nc: 3 # end\n"


def test_what_would_be_empty_goes_as_a_whole() -> None:
    assert without("a: 1\nb:\n  c:\n    d: 1\n", ["b", "c", "d"]) == "a: 1\n"
    assert without("a: 1\nb: [x]\n", ["b", 0]) == "a: 1\n"
