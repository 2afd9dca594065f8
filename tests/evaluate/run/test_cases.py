"""Cases with their suite's defaults, and what scores come to."""

import pytest

from mooring.errors import FindingsError
from mooring.evaluate.cases import cases, suite_digest, turns
from mooring.evaluate.scoring import passed, unanswered
from mooring.evaluate.values import Reply, Score
from mooring.spec.suite import Case
from tests.evaluate.run.conftest import MakeSuite


def test_defaults_are_written_into_every_case(suite: MakeSuite) -> None:
    default = {"vars": {"page": "home", "message": "hello"}, "assert": [{"type": "no-secret"}], "critical": True}
    own = {"id": "own", "vars": {"message": "hi"}, "assert": [{"type": "contains", "value": "x"}], "critical": False}
    first, second = cases(suite(own, {"id": "bare"}, defaultTest=default))
    assert (first.vars, second.vars) == ({"page": "home", "message": "hi"}, {"page": "home", "message": "hello"})
    assert [[it.type for it in case.assertions] for case in (first, second)] == [
        ["no-secret", "contains"],
        ["no-secret"],
    ]
    assert (first.critical, second.critical) == (False, True)


def test_defaults_that_make_no_case_are_findings(suite: MakeSuite) -> None:
    with pytest.raises(FindingsError) as caught:
        cases(suite("a", "b", defaultTest={"treshold": 1}))
    assert len(caught.value.findings) == 2


def test_a_suite_is_named_by_what_it_says(suite: MakeSuite) -> None:
    assert suite_digest(suite("a")) == suite_digest(suite("a")) != suite_digest(suite("b"))


def test_a_case_without_turns_has_its_message_as_the_only_one() -> None:
    assert [turn.message for turn in turns(Case.model_validate({"id": "a", "vars": {"message": "hi"}}))] == ["hi"]


def case(**more: object) -> Case:
    return Case.model_validate({"id": "a", **more})


def score(value: float, ok: bool = True, weight: float = 1, error: bool = False) -> Score:
    return Score("contains", "contains", ok, value, weight, error=error)


def test_with_the_usual_threshold_every_assertion_with_a_weight_must_pass() -> None:
    assert passed(case(), [score(0.8), score(1.0)]) is True
    assert passed(case(), [score(1.0), score(0.0, ok=False)]) is False
    assert passed(case(), [score(1.0), score(0.0, ok=False, weight=0)]) is True


def test_below_it_the_weighted_mean_decides() -> None:
    scores = [score(1.0, weight=3), score(0.0, ok=False)]
    assert passed(case(threshold=0.75), scores) is True
    assert passed(case(threshold=0.8), scores) is False


def test_what_could_not_be_judged_is_neither_passed_nor_failed() -> None:
    assert passed(case(), [score(1.0), score(0.0, ok=False, error=True)]) is None
    assert passed(case(), []) is None


def test_an_agent_that_broke_off_fails_whatever_else_holds() -> None:
    broken = unanswered([Reply("", error="too many calls")])
    assert passed(case(threshold=0.1), [*broken, score(1.0), score(1.0)]) is False
