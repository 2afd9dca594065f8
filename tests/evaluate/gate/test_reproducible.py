"""The same artifact gives the same verdict, whatever the order in which its trials arrived."""

import dataclasses
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.verdict import Verdict
from mooring.evaluate.values import Results
from tests.evaluate.gate.sample import asked, by_name, named, suite

SUITE = suite(
    cases=[
        {"id": case, "group": "g" if index < 2 else None, "critical": index == 5} for index, case in enumerate(named(6))
    ]
)
OTHER = suite("orders", named(3))
BOTH = by_name(SUITE, OTHER)
EVIDENCE = st.sampled_from(["live", "recorded", "simulated"])
did = st.fixed_dictionaries({case: st.text("01x", max_size=5) for case in named(6)})
OPTIONS = Options(resamples=50)


@st.composite
def results(draw: st.DrawFn, evidence: Any) -> Results:
    found = asked([SUITE, OTHER], draw(did), evidence, complete=draw(st.booleans()), seed=draw(st.integers(0, 3)))
    chance = random.Random(draw(st.integers(0, 99)))
    trials = [
        dataclasses.replace(
            trial,
            replies=tuple(
                dataclasses.replace(reply, cost_usd=chance.random(), latency_seconds=chance.random())
                for reply in trial.replies
            ),
        )
        for trial in found.trials
    ]
    return dataclasses.replace(found, trials=tuple(trials))


def verdict(base: Results | None, head: Results) -> Verdict:
    return decide(compare(base, head, BOTH, OPTIONS), lambda cases: (base or head, head))


def shuffled(side: Results, seed: int) -> Results:
    trials = list(side.trials)
    random.Random(seed).shuffle(trials)
    return dataclasses.replace(side, trials=tuple(trials), suites=dict(reversed(side.suites.items())))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data(), EVIDENCE, st.integers(0, 9))
def test_the_verdict_is_the_same_twice_from_the_file_and_in_any_order(data: st.DataObject, evidence, seed: int) -> None:
    base, head = data.draw(results(evidence)), data.draw(results(evidence))
    first = verdict(base, head).data()
    assert verdict(base, head).data() == first
    assert verdict(shuffled(base, seed), shuffled(head, seed)).data() == first
    stored = [Results.from_data(json.loads(json.dumps(side.data()))) for side in (base, head)]
    assert verdict(*stored).data() == first
    assert json.loads(json.dumps(first)) == first


@settings(max_examples=60, deadline=None)
@given(st.data(), EVIDENCE)
def test_every_verdict_has_a_reason_of_its_outcome_and_no_partial_or_empty_run_passes(
    data: st.DataObject, evidence
) -> None:
    base, head = data.draw(results(evidence) | st.none()), data.draw(results(evidence))
    found = verdict(base, head)
    assert found.outcome == found.reasons[0].outcome
    assert found.lines[0].startswith(found.outcome)
    if found.outcome == "pass":
        assert head.complete
        assert head.trials
        assert base is None or base.complete
        assert not any(
            trial.passed is False for trial in head.trials if trial.case == "case-005" and trial.suite == "refunds"
        )
    else:
        assert all(reason.text for reason in found.reasons)


@settings(max_examples=60, deadline=None)
@given(st.data(), EVIDENCE)
def test_a_change_that_answers_as_the_base_did_is_never_called_worse(data: st.DataObject, evidence) -> None:
    side = data.draw(results(evidence))
    allowed = {"critical", "never-passed", "empty", "incomplete", "errors", "not-worse", "no-base", "few-repeats"}
    assert {reason.code for reason in verdict(side, side).reasons} <= allowed


def test_a_comparison_is_json() -> None:
    side = asked([SUITE, OTHER], dict.fromkeys(named(6), "10x"))
    found = compare(side, side, BOTH).data()
    assert json.loads(json.dumps(found)) == found
    assert found["cases"][0]["base"] == found["cases"][0]["head"]
