"""A suite that asks less is told, and needs a second approval together with what it judges."""

from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.evaluate.behaviour.strictness import as_strict, lost
from mooring.evaluate.behaviour.values import Weakening
from mooring.evaluate.behaviour.weakening import weakened
from mooring.evaluate.select import Side
from mooring.spec import EvalSuite
from mooring.spec.suite import Assertion
from tests.evaluate.behaviour.story import SUITES, Edit, case, dropped, suite

QUARANTINE = {"owner": "@tidewater/support", "reason": "flickers", "expires": "2026-05-01"}
ASK = {"type": "contains", "value": "approval"}
OLD = suite(
    "refunds",
    case("first", "Refund T-1.", ASK, critical=True, threshold=0.8),
    case("second", "Refund T-2.", ASK, {"type": "word-count", "value": {"max": 50}}),
    smoke=True,
)


def changed(**more: Any) -> EvalSuite:
    """The suite with the first case changed."""
    first = case("first", "Refund T-1.", ASK, critical=True, threshold=0.8) | more
    return suite("refunds", first, OLD.model_dump(mode="json", by_alias=True)["tests"][1], smoke=True)


def told(edit: Edit, *now: EvalSuite, prompt: str = "Do as you please.") -> tuple[Weakening, ...]:
    content = edit({"prompts.support/main.messages.0.content": prompt})
    return weakened(
        Side(edit({}), {OLD.name: OLD}),
        Side(content, {one.name: one for one in now}),
        diff(content, edit({})),
    )


@pytest.mark.parametrize(
    ("head", "place", "code"),
    [
        (changed(critical=False), "refunds/first", "critical-dropped"),
        (changed(threshold=0.5), "refunds/first", "threshold-lowered"),
        (changed(quarantine=QUARANTINE), "refunds/first", "quarantine-added"),
        (changed(vars={"message": "Hello."}), "refunds/first", "question-changed"),
        (changed(answer="It needs approval."), "refunds/first", "answer-added"),
        (changed(group="all"), "refunds/first", "group-changed"),
        (changed(**{"assert": []}), "refunds/first", "assertion-dropped"),
        (changed(**{"assert": [ASK | {"value": "a"}]}), "refunds/first", "assertion-rewritten"),
        (changed(**{"assert": [ASK | {"weight": 0.1}]}), "refunds/first", "assertion-loosened"),
        (changed().model_copy(update={"tests": changed().tests[1:]}), "refunds/first", "case-removed"),
        (changed().model_copy(update={"smoke": False}), "refunds", "smoke-dropped"),
        (changed().model_copy(update={"repeats": 1}), "refunds", "repeats-lowered"),
        (changed().model_copy(update={"agent": "other"}), "refunds", "agent-changed"),
    ],
)
def test_every_way_of_asking_less_is_told(edit: Edit, head: EvalSuite, place: str, code: str) -> None:
    found = told(edit, head)
    assert [(one.place, one.code, one.together) for one in found] == [(place, code, True)]


def test_a_suite_that_is_gone_is_told_once(edit: Edit) -> None:
    (gone,) = told(edit)
    assert (gone.place, gone.code, gone.text) == ("refunds", "suite-removed", "the suite is gone, with 2 cases")


def test_cases_that_move_to_another_suite_of_the_agent_are_still_asked(edit: Edit) -> None:
    assert told(edit, OLD.model_copy(update={"name": "support/refunds"})) == ()


def test_another_answer_of_the_simulated_model_asks_no_less(edit: Edit) -> None:
    base = changed(answer="It needs approval.")
    sides = Side(edit({}), {base.name: base}), Side(edit({}), {base.name: changed(answer="Approval, please.")})
    assert weakened(*sides, ()) == ()
    moved = changed(answer="Approval, please.").model_copy(update={"name": "support/refunds"})
    assert weakened(sides[0], Side(edit({}), {moved.name: moved}), ()) == ()


def test_a_suite_that_asks_more_is_not_weaker(edit: Edit) -> None:
    more = changed(threshold=1, **{"assert": [ASK, {"type": "is-refusal"}]})
    assert told(edit, more) == ()


def test_defaults_that_are_taken_away_are_missed_in_every_case(edit: Edit) -> None:
    base = suite("refunds", case("one", "Hello."), case("two", "Hello."), defaultTest={"assert": [ASK]})
    head = base.model_copy(update={"default_test": {}})
    sides = Side(edit({}), {base.name: base}), Side(edit({}), {base.name: head})
    assert [(one.case, one.code) for one in weakened(*sides, ())] == [
        ("one", "assertion-dropped"),
        ("two", "assertion-dropped"),
    ]


def test_margins_and_judges_count(edit: Edit) -> None:
    judge = {"model": "openai/gpt-4-1", "calibration": "refunds", "minimumKappa": 0.8}
    base = suite("refunds", case("one", "Hello."), judge=judge)
    head = suite("refunds", case("one", "Hello."), judge={"model": "openai/gpt-4-1"}, budget={"passRateDrop": 0.5})
    sides = Side(edit({}), {base.name: base}), Side(edit({}), {base.name: head})
    assert [one.text for one in weakened(*sides, ())] == [
        "agreement asked of the judge 0.8 → 0.6",
        "calibration refunds → nothing",
        "allowed drop of the pass rate 0.05 → 0.5",
    ]


def test_an_easier_suite_alone_is_told_and_needs_nobody(edit: Edit) -> None:
    same = edit({}).prompts["support/main"].messages[0].content
    assert [one.together for one in told(edit, changed(critical=False), prompt=same)] == [False]


def test_the_plan_says_what_its_own_suites_no_longer_ask(edit: Edit) -> None:
    assert dropped(edit).weakened == ()
    refunds = SUITES["support/refunds"]
    easier = SUITES | {refunds.name: refunds.model_copy(update={"tests": refunds.tests[1:]})}
    assert [one.together for one in dropped(edit, suites=easier).weakened] == [True]


@pytest.mark.parametrize(
    ("type_", "before", "after", "strict"),
    [
        ("contains-any", ["a", "b"], ["a"], True),
        ("contains-any", ["a"], ["a", "b"], False),
        ("contains-all", ["a"], ["a", "b"], True),
        ("contains-all", ["a", "b"], ["a"], False),
        ("word-count", {"max": 50}, {"min": 2, "max": 40}, True),
        ("word-count", {"max": 50}, 60, False),
        ("rung", ["L0", "L1"], "L0", True),
        ("trajectory:tool-used", "a", ["a", "b"], True),
        ("trajectory:tool-used", {"name": "a", "max": 1}, "a", False),
        ("trajectory:tool-args-match", {"name": "a", "args": {"x": 1}}, {"name": "a", "args": {"x": 1, "y": 2}}, True),
        ("trajectory:tool-args-match", {"name": "a", "args": {"x": 1}, "mode": "exact"},
         {"name": "a", "args": {"x": 1}}, False),
        ("trajectory:tool-sequence", {"steps": ["a", "b"], "mode": "exact"}, ["a", "b"], False),
        ("awaits-approval", None, "refund", True),
        ("awaits-approval", "refund", None, False),
        ("tool-policy", {"forbidden": ["a"]}, {"forbidden": ["a", "b"]}, True),
        ("tool-policy", {"allowed": ["a"]}, {"allowed": ["a", "b"]}, False),
        ("tool-policy", {"maxCalls": {"a": 1}}, {"maxCalls": {"a": 2}}, False),
        ("no-untrusted-echo", ["hacked you"], {"canaries": ["hacked you"], "calls": ["refund"]}, True),
        ("regex", "a", "b", False),
        ("not-contains-any", ["a", "b"], ["a"], False),
        ("contains-any", ["a"], {"broken": 1}, False),
    ],
)  # fmt: skip
def test_how_strict_a_value_is(type_: str, before: Any, after: Any, strict: bool) -> None:
    assert as_strict(Assertion(type=type_, value=before), Assertion(type=type_, value=after)) is strict


@pytest.mark.parametrize(
    ("type_", "before", "after", "strict"),
    [("similar", 0.8, 0.9, True), ("similar", 0.8, 0.7, False), ("similar", 0.8, None, False),
     ("cost", 0.1, 0.05, True), ("latency", 2, 5, False),
     ("levenshtein", 5, 3, True), ("levenshtein", 3, 5, False), ("levenshtein", 3, None, False),
     ("levenshtein", None, 5, True), ("rouge-n", 0.75, None, True), ("rouge-n", None, 0.7, False),
     ("bleu", None, 0.6, True), ("bleu", 0.6, None, False),
     ("not-similar", 0.7, 0.9, False), ("not-similar", 0.9, 0.7, True), ("not-levenshtein", 3, 5, True)],
)  # fmt: skip
def test_a_threshold_is_a_minimum_where_more_is_better_and_a_maximum_where_less_is(
    type_: str, before: float, after: float | None, strict: bool
) -> None:
    assert as_strict(Assertion(type=type_, threshold=before), Assertion(type=type_, threshold=after)) is strict


def test_the_words_say_what_was_asked_and_what_is_asked_now() -> None:
    before = [Assertion(type="contains-any", value=["a"]), Assertion(type="cost", threshold=0.1)]
    now = [Assertion(type="contains-any", value=["a", "b"])]
    assert list(lost(before, now)) == [
        ("assertion-loosened", 'asks for less: contains-any ["a"] → contains-any ["a", "b"]'),
        ("assertion-dropped", "no longer asks for cost, threshold 0.1"),
    ]
