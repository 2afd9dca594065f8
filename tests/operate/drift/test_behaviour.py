"""Behaviour on values: what is asked, what is compared, and what counts as drift."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml

from mooring.evaluate.cases import suite_digest
from mooring.evaluate.values import Reply, Results, Trial
from mooring.operate.drift.behaviour import Behaviour, as_asked_live, look
from mooring.operate.drift.questions import Questions, askable
from mooring.spec.suite import EvalSuite

SUITE = """
apiVersion: mooring/v1
kind: EvalSuite
name: support/colours
version: 1.0.0
description: Colours.
owner: "@acme/desk"
agent: support
repeats: 5
tests:
  - {id: sky, vars: {message: sky}, assert: [{type: contains, value: blue}]}
  - {id: grass, vars: {message: grass}, assert: [{type: contains, value: green}]}
  - {id: asks, vars: {message: pay, approve: true}, assert: [{type: contains, value: paid}]}
"""
GOOD = {"sky": "blue", "grass": "green", "pay": "paid"}


@pytest.fixture
def suites() -> dict[str, EvalSuite]:
    return {"support/colours": EvalSuite.model_validate(yaml.safe_load(SUITE))}


def said(text: str, seconds: float = 0.1, model: str = "m fp_1") -> Reply:
    return Reply(text, rung="L0", cost_usd=0.01, latency_seconds=seconds, models=(model,))


@pytest.fixture
def then(suites: dict[str, EvalSuite]) -> Results:
    """Five good answers to each case that needs nobody."""
    trials = [
        Trial("support/colours", case, number, "live", (said(GOOD[case]),), (), passed=True, seconds=0.1)
        for case in ("sky", "grass")
        for number in range(5)
    ]
    digests = {name: suite_digest(suite) for name, suite in suites.items()}
    return Results("sha256:1", "local", "live", 0, "2026-01-01T00:00:00+00:00", True, tuple(trials), digests)


def asked(
    suites: dict[str, EvalSuite], then: Results, answers: Mapping[str, str], budget: float = 9.0, **more: Any
) -> tuple[Behaviour, list[str]]:
    heard: list[str] = []

    def answer(body: Mapping[str, Any], _: float) -> dict[str, Any]:
        heard.append(str(body["message"]))
        reply = {**vars(said(answers[body["message"]])), **more}
        return {name: value for name, value in reply.items() if name != "latency_seconds"}

    questions = Questions(answer, suites, then, budget)
    return look(questions, then, suites, lambda _: None), heard


def test_what_a_slot_cannot_be_asked_is_left_out(suites: dict[str, EvalSuite]) -> None:
    assert list(askable(suites)) == [("support/colours", "sky"), ("support/colours", "grass")]


def test_every_case_is_asked_as_often_as_the_evidence_did(suites: dict[str, EvalSuite], then: Results) -> None:
    found, heard = asked(suites, then, GOOD)
    assert sorted(heard) == ["grass"] * 5 + ["sky"] * 5
    assert (found.drifted, found.verdict.outcome, found.worse) == (False, "pass", ())
    assert found.spent_usd == pytest.approx(0.1)


def test_a_case_that_fell_is_asked_again_and_named(suites: dict[str, EvalSuite], then: Results) -> None:
    found, heard = asked(suites, then, {**GOOD, "sky": "grey"}, models=["m fp_2"])
    assert heard.count("sky") > 5
    assert (found.drifted, found.worse) == (True, ("support/colours/sky",))
    assert found.models == (("m fp_1",), ("m fp_2",))


def test_another_model_that_answers_as_well_is_told_and_no_drift(suites: dict[str, EvalSuite], then: Results) -> None:
    found, _ = asked(suites, then, GOOD, models=["m fp_2"])
    assert (found.drifted, found.models[1]) == (False, ("m fp_2",))


def test_more_refusals_are_drift(suites: dict[str, EvalSuite], then: Results) -> None:
    polite = {message: f"I am sorry, I cannot help with {answer}." for message, answer in GOOD.items()}
    found, _ = asked(suites, then, polite)
    assert (found.verdict.outcome, found.refuses, found.drifted) == ("pass", True, True)


def test_what_costs_more_is_drift(suites: dict[str, EvalSuite], then: Results) -> None:
    found, _ = asked(suites, then, GOOD, cost_usd=0.05)
    assert found.now.cost_usd == pytest.approx(5 * found.then.cost_usd)
    assert found.verdict.outcome != "pass"


def test_an_answer_that_takes_far_longer_is_drift_and_a_little_longer_is_not(
    suites: dict[str, EvalSuite], then: Results
) -> None:
    found, _ = asked(suites, then, GOOD)
    figures = [replace(found.now, latency_seconds=seconds) for seconds in (1.0, 2.5)]
    slow = replace(found, then=replace(found.then, latency_seconds=0.4))
    assert [replace(slow, now=now).drifted for now in figures] == [False, True]


def test_a_question_beyond_the_budget_is_not_asked_and_nothing_is_certain(
    suites: dict[str, EvalSuite], then: Results
) -> None:
    found, heard = asked(suites, then, GOOD, budget=0.085)
    assert len(heard) == 8
    assert (found.complete, found.verdict.outcome, found.drifted) == (False, "inconclusive", False)


def test_a_slot_that_does_not_answer_is_no_drift_and_no_success(suites: dict[str, EvalSuite], then: Results) -> None:
    found, _ = asked(suites, then, GOOD, error="no model answered")
    assert (found.verdict.outcome, found.drifted) == ("inconclusive", False)


def test_recorded_answers_are_what_models_said_once(then: Results) -> None:
    recorded = replace(then, evidence="recorded", trials=tuple(replace(t, evidence="recorded") for t in then.trials))
    assert as_asked_live(recorded) == then
    assert as_asked_live(replace(then, evidence="simulated")).evidence == "simulated"
