"""Cells of `__expected` columns, read as promptfoo reads them."""

from typing import Any

import pytest

from mooring.exchange.promptfoo.expected import assertion, mistaken

CELLS: dict[str, tuple[Any, ...]] = {
    "Paris": ("equals", "Paris"),
    "  Paris \n": ("equals", "Paris"),
    "12:30": ("equals", "12:30"),
    "contain: Paris": ("equals", "contain: Paris"),
    "equals:Paris": ("equals", "Paris"),
    "contains: a: b": ("contains", "a: b"),
    "contains: two\nlines": ("contains", "two\nlines"),
    "not-contains: Rome": ("not-contains", "Rome"),
    "contains-any: a, b ,c": ("contains-any", ["a", "b", "c"]),
    'icontains-all: "a, b", c': ("icontains-all", ["a, b", "c"]),
    "contains-any: a,": ("contains-any", ["a"]),  # an empty part is in every answer
    "regex: ^\\d{1,3}$": ("regex", "^\\d{1,3}$"),
    "is-json": ("is-json",),
    "not-is-refusal": ("not-is-refusal",),
    'is-json: {"type": "object"}': ("is-json", '{"type": "object"}'),
    "similar(0.9): Hello": ("similar", "Hello", 0.9),
    "similar: Hello": ("similar", "Hello", 0.8),
    "rouge-n(0.5): Hello": ("rouge-n", "Hello", 0.5),
    "rouge-n: Hello": ("rouge-n", "Hello", 0.75),
    "levenshtein(5): Hello": ("levenshtein", "Hello", 5.0),
    "latency(2000)": ("latency", None, 2000.0),
    "cost(0.01):": ("cost", None, 0.01),
    "answer-relevance": ("answer-relevance", None, 0.75),
    "bleu(0.4): Hello": ("bleu", "Hello", 0.4),
    "starts-with(0.4): Hello": ("starts-with", "Hello"),
    "grade: is kind": ("llm-rubric", "is kind"),
    "llm-rubric: is kind": ("llm-rubric", "is kind"),
    "factuality: It is so.": ("factuality", "It is so."),
    "model-graded-closedqa: Is it so?": ("model-graded-closedqa", "Is it so?"),
    "trajectory:tool-used: find": ("trajectory:tool-used", "find"),
    "javascript: output.length": ("javascript", "output.length"),
    "fn:output": ("javascript", "output"),
    "eval: output": ("javascript", "output"),
    "python: len(output)": ("python", "len(output)"),
    "ruby: output": ("ruby", "output"),
    "file://check.js": ("javascript", "file://check.js"),
    "file://check.mjs:strict": ("javascript", "file://check.mjs:strict"),
    "file://check.py:strict": ("python", "file://check.py:strict"),
    "file://right.txt": ("equals", "file://right.txt"),
    "contains: file://right.txt": ("contains", "file://right.txt"),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_is_an_assertion_in_short(cell: str) -> None:
    type_, value, threshold = (*CELLS[cell], None, None)[:3]
    expected = {"type": type_, "value": value, "threshold": threshold}
    assert assertion(cell) == {key: each for key, each in expected.items() if each is not None}


@pytest.mark.parametrize(
    ("cell", "near"),
    [
        ("contain: Paris", "contains"),
        ("not-contain(0.5): Paris", "contains"),
        ("levenstein: x", "levenshtein"),
        ("contains: Paris", None),
        ("equals: contain: x", None),
        ("Total: 5 EUR", None),
        ("12:30", None),
    ],
)
def test_a_type_that_is_misspelt_is_noticed(cell: str, near: str | None) -> None:
    assert mistaken(cell) == near
