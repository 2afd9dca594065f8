"""A case's assertions together: turns, weights, errors, and what comes of a trial."""

import asyncio
from typing import Any

from mooring.evaluate.assertions.judging import judge
from mooring.evaluate.assertions.table import ASSERTIONS
from mooring.evaluate.scoring import passed
from mooring.evaluate.values import Call, Reply, Score
from mooring.spec.assertions import KINDS
from mooring.spec.suite import Case

TALK = {
    "id": "talk",
    "turns": [
        {"message": "Refund my order", "assert": [{"type": "contains", "value": "number"}]},
        {"message": "A-1001", "assert": [{"type": "trajectory:tool-used", "value": "refund_order"}]},
    ],
    "assert": [
        {"type": "trajectory:tool-sequence", "value": ["find_order", "refund_order"], "metric": "order"},
        {"type": "contains", "value": "done"},
        {"type": "cost", "threshold": 0.05},
    ],
}
REPLIES = [
    Reply("Which number?", (Call("find_order", {}),), cost_usd=0.02),
    Reply("It is done.", (Call("refund_order", {}),), cost_usd=0.02),
]


def scores(case: dict[str, Any], replies: list[Reply]) -> tuple[Case, tuple[Score, ...]]:
    model = Case.model_validate(case)
    return model, asyncio.run(judge(model, replies, None))


def outcome(case: dict[str, Any], replies: list[Reply]) -> bool | None:
    return passed(*scores(case, replies))


def test_a_turn_is_judged_by_its_own_reply_and_the_case_by_the_last_one_and_all_calls() -> None:
    _, found = scores(TALK, REPLIES)
    assert [(score.turn, score.passed) for score in found] == [
        (0, True),
        (1, True),
        (None, True),
        (None, True),
        (None, True),
    ]
    assert found[2].metric == "order"
    assert "$0.04" in found[4].reason


def test_a_turn_that_was_never_reached_fails() -> None:
    _, found = scores(TALK, REPLIES[:1])
    assert [score.turn for score in found if not score.passed] == [1, None, None]
    assert "ended before" in found[1].reason


def test_every_type_has_a_shape_and_every_deterministic_one_a_check() -> None:
    assert {name for name, kind in KINDS.items() if not kind.judge} == set(ASSERTIONS)


def test_what_cannot_be_judged_makes_the_trial_an_error_and_not_a_failure() -> None:
    for wrong in (
        {"type": "no-such-type"},
        {"type": "contains"},
        {"type": "llm-rubric", "value": "It is kind."},
        {"type": "regex", "value": "(a+)+$"},
    ):
        case = {"id": "x", "vars": {"message": "?"}, "assert": [wrong, {"type": "contains", "value": "Hi"}]}
        model, found = scores(case, [Reply("Hi")])
        assert found[0].error, wrong
        assert passed(model, found) is None


def test_a_broken_policy_fails_the_case_whatever_its_threshold_and_its_errors() -> None:
    case = {
        "id": "x",
        "vars": {"message": "?"},
        "threshold": 0.1,
        "assert": [
            {"type": "contains", "value": "Hi", "weight": 99},
            {"type": "tool-policy", "value": {"forbidden": ["shred"]}},
            {"type": "no-such-type"},
        ],
    }
    assert outcome(case, [Reply("Hi", (Call("shred", {}),))]) is False


def test_the_weighted_mean_decides_below_a_threshold_of_one() -> None:
    case = {
        "id": "x",
        "vars": {"message": "?"},
        "threshold": 0.7,
        "assert": [{"type": "contains", "value": "Hi", "weight": 3}, {"type": "contains", "value": "Ho"}],
    }
    assert outcome(case, [Reply("Hi")]) is True
    assert outcome(case, [Reply("Ho")]) is False


def test_latency_alone_on_replay_is_no_success() -> None:
    case = {"id": "x", "vars": {"message": "?"}, "assert": [{"type": "latency", "threshold": 1}]}
    assert outcome(case, [Reply("Hi", latency_seconds=None)]) is None
