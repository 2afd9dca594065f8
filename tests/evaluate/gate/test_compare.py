"""Base and head side by side: what is matched, what is set apart, and what may not be compared."""

import dataclasses
from datetime import date

import pytest

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Comparison, Options
from tests.evaluate.gate.sample import asked, by_name, suite

SUITE = suite(cases=["a", "b"])
SUITES = by_name(SUITE)


def states(comparison: Comparison) -> dict[str, str]:
    return {pair.case: pair.state for pair in comparison.pairs}


def test_a_case_is_matched_by_suite_and_id() -> None:
    other = suite("orders", ["a"])
    base = asked([SUITE, other], {"a": "11", "b": "00"})
    comparison = compare(base, asked([SUITE, other], {"a": "10", "b": "00"}), by_name(SUITE, other))
    assert [(pair.name, pair.state) for pair in comparison.pairs] == [
        ("orders/a", "worse"),
        ("refunds/a", "worse"),
        ("refunds/b", "failing"),
    ]
    assert not comparison.obstacles


def test_a_case_without_a_trial_on_the_base_is_new_and_one_without_a_document_is_removed() -> None:
    before = suite(cases=["a", "gone"])
    comparison = compare(
        asked(SUITE, {"a": "1"}), asked(SUITE, {"a": "1", "b": "1"}), SUITES, Options(base_suites=by_name(before))
    )
    assert states(comparison) == {"a": "same", "b": "new"}
    assert comparison.removed == (("refunds", "gone"),)


def test_the_tally_tells_passes_failures_and_errors_apart_with_means_of_what_was_judged() -> None:
    (pair,) = compare(None, asked(SUITE, {"a": "10x"}, cost=0.5, latency=2.0), SUITES).pairs
    assert (pair.head.passed, pair.head.failed, pair.head.errors) == ((0,), (1,), 1)
    assert (pair.head.cost_usd, pair.head.latency_seconds, pair.head.flaky) == (0.5, 2.0, True)


def test_latency_of_an_answer_that_was_not_live_is_not_measured() -> None:
    (pair,) = compare(None, asked(SUITE, {"a": "1"}, "simulated", latency=2.0), SUITES).pairs
    assert pair.head.latency_seconds is None


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (asked(SUITE, {"a": "1"}, environment="production"), "environment production"),
        (asked(SUITE, {"a": "1"}, "recorded"), "the evidence of the base is recorded"),
        (asked(suite(cases=["b"]), {"b": "1"}), "another version of the suite"),
    ],
    ids=["environment", "evidence", "suite"],
)
def test_unlike_runs_are_not_compared_and_the_reason_is_clear(base, words: str) -> None:
    comparison = compare(base, asked(SUITE, {"a": "1"}), SUITES)
    assert words in " ".join(comparison.obstacles)
    assert states(comparison) == {"a": "new"}


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (suite(cases=["a", "b"], agent="oncall"), "the base asked agent oncall"),
        (suite(cases=["a", "b"], judge={"model": "judge"}), "judge is not the base's"),
    ],
    ids=["agent", "judge"],
)
def test_the_document_of_the_base_says_what_differs(before, words: str) -> None:
    options = Options(base_suites=by_name(before))
    comparison = compare(asked(before, {"a": "1"}), asked(SUITE, {"a": "1"}), SUITES, options)
    assert words in comparison.obstacles[0]


def test_of_another_version_of_a_suite_the_cases_that_ask_the_same_are_compared() -> None:
    before = suite(
        cases=[
            {"id": "a", "description": "old words", "tags": ["x"]},
            {"id": "b", "vars": {"message": "other"}},
        ]
    )
    options = Options(base_suites=by_name(before))
    did = {"a": "1", "b": "1"}
    comparison = compare(asked(before, did), asked(SUITE, did), SUITES, options)
    assert states(comparison) == {"a": "same", "b": "changed"}
    assert not comparison.obstacles


def test_trials_of_other_questions_than_the_documents_are_said() -> None:
    edited = suite(cases=["a", {"id": "b", "critical": True}])
    comparison = compare(None, asked(SUITE, {"a": "1", "b": "1"}), by_name(edited))
    assert comparison.obstacles == ("refunds: the change was asked another version of the suite",)


def test_a_suite_that_the_base_does_not_have_is_said() -> None:
    other = suite("orders", ["c"])
    comparison = compare(asked(SUITE, {"a": "1"}), asked([SUITE, other], {"a": "1", "c": "1"}), by_name(SUITE, other))
    assert comparison.alone == ("orders",)
    assert comparison.unasked == ()


def test_a_quarantine_holds_through_its_last_day_by_the_time_of_the_run() -> None:
    held = {"owner": "@tidewater/support", "reason": "A vendor's bug.", "expires": date(2026, 5, 1)}
    resting = suite(cases=[{"id": "a", "quarantine": held}, "b"])
    today = asked(resting, {"a": "0", "b": "1"})
    tomorrow = dataclasses.replace(today, started="2026-05-02T00:00:01+00:00")
    assert [pair.case for pair in compare(None, today, by_name(resting)).counting] == ["b"]
    later = compare(None, tomorrow, by_name(resting))
    assert [pair.case for pair in later.counting] == ["a", "b"]
    assert later.pairs[0].expired


def test_repeats_that_flip_are_a_break_whatever_the_others_did() -> None:
    def broke(before: str, after: str) -> bool:
        return compare(asked(SUITE, {"a": before}), asked(SUITE, {"a": after}), SUITES).pairs[0].broke

    assert broke("1", "0")
    assert broke("10", "00")
    assert broke("1", "10")
    assert not broke("10", "10")
    assert not broke("0", "1")
    assert not broke("x", "0")
    assert not broke("1", "x")
