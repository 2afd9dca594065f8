"""Answers that are meant to keep an evaluation busy cost no more than their length, or stay unjudged."""

import json
import threading
import time

import pytest

from mooring.evaluate.assertions.data import _embedded
from mooring.evaluate.assertions.judging import checked
from mooring.evaluate.assertions.limit import limited
from mooring.evaluate.assertions.subject import Subject, Unjudged
from mooring.evaluate.values import Reply
from mooring.spec.assertions import kind_of
from mooring.spec.suite import Assertion

HOSTILE = {
    "brackets without partners": "[",
    "braces and words": "{x ",
    "brackets in pairs": "[]x",
    "quotes": '"{',
    "closing only": "}]",
}


def verdict(answer: str, kind: str = "contains-json", value: object = None) -> object:
    assertion = Assertion(type=kind, value=value)
    found = kind_of(kind)
    assert found
    return checked(assertion, found, Subject(("hi",), (Reply(answer),)))


@pytest.mark.parametrize("piece", HOSTILE.values(), ids=HOSTILE)
def test_a_hundred_thousand_pieces_are_judged_within_the_limit(piece: str) -> None:
    assert verdict(piece * 100_000)


@pytest.mark.parametrize("deep", [100_000])
def test_json_deeper_than_any_reader_takes_is_none(deep: int) -> None:
    found = list(_embedded("[" * deep + "]" * deep))
    assert all(len(json.dumps(value)) < 1000 for value in found)


@pytest.mark.parametrize(
    ("answer", "values"),
    [
        ('He said "no". Use {"a": [1, "}"]} or [1,2]', [{"a": [1, "}"]}, [1, 2]]),
        ('{x {"b": 2}} 5" {"c": 3}', [{"b": 2}, {"c": 3}]),
        ('[1, {"a": 1} oops', [{"a": 1}]),
        ("{'a': [1]}", [[1]]),
        ('{"a": NaN} [2]', [[2]]),
        ("no JSON at all", []),
    ],
)
def test_json_is_found_wherever_it_stands(answer: str, values: list[object]) -> None:
    assert list(_embedded(answer)) == values


@pytest.mark.slow
def test_an_assertion_that_runs_out_of_time_is_unjudged() -> None:
    with pytest.raises(Unjudged, match="still at work"):
        verdict("a" * 3000, "regex", "a*a*a*a*a*a*b")


def work(seconds: float) -> None:
    """For so much of this thread's own time."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        sum(range(1000))


@pytest.mark.slow
def test_what_other_threads_are_at_counts_for_no_assertion() -> None:
    threads = [threading.Thread(target=work, args=(0.5,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    with limited(0.2):
        work(0.1)
    with pytest.raises(Unjudged, match="still at work"), limited(0.05):
        work(60)
    for thread in threads:
        thread.join()
