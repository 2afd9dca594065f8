"""Regular expressions that end, and those that may not."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.catalog.patterns import pattern_problem

EXPLODING = {
    "(a+)+$": "a",
    "(a*)*$": "a",
    "((a+)b?)*$": "a",
    "(?:x+y*){2,}$": "x",
    r"(\s*a+)+$": "a",
    "([a-z]+)*$": "q",
    r"^([\w.]+)+@": "a",
}
ENDING = [
    "(a)+",
    "(a+)",
    "[(a+)]+",
    r"\(a+\)+",
    "(ab?){1,9}",
    "(?i)orders?",
    "[]+)]+",
    "(a{1,3})+",
    "^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*$",
    r"\d+(,\d+)*",
    r"(letters?\s*)+$",
    "(ab|ac)*",
    "(a+b)*",
    "((a|b)c)*",
    "(?=a+)+b",
    r"^(?:[A-Z][0-9]{1,4}){1,3}$",
    "(a++)+",
]


@pytest.mark.parametrize("pattern", [*EXPLODING, "(.*,?)*$", "(a|b+){10,}$"])
def test_what_can_be_split_in_many_ways_can_run_for_ever(pattern: str) -> None:
    assert "for ever" in (pattern_problem(pattern) or "")


@pytest.mark.slow
@pytest.mark.parametrize("pattern", EXPLODING)
def test_they_really_do(pattern: str) -> None:
    """Each further character takes a multiple of the time."""

    def seconds(length: int) -> float:
        start = time.perf_counter()
        re.search(pattern, EXPLODING[pattern] * length + "!")
        return time.perf_counter() - start

    assert min(seconds(20) for _ in range(2)) > 10 * min(seconds(10) for _ in range(3))


@pytest.mark.parametrize("pattern", ENDING)
def test_what_can_be_split_in_one_way_is_fine(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize("pattern", ["(", "[", "*", "a{2,1}", "(?P<x", "\\"])
def test_a_broken_pattern_is_no_regular_expression(pattern: str) -> None:
    assert "no regular expression" in (pattern_problem(pattern) or "")


@pytest.mark.filterwarnings("error")
@given(st.text(alphabet="ab()[]{}*+?|\\^$.,1:=!<wdsW", max_size=30))
def test_any_text_is_judged_in_silence(pattern: str) -> None:
    pattern_problem(pattern)
