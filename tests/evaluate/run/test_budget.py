"""What a run costs: said before, held while it goes on, and counted with its judges."""

from pathlib import Path
from typing import Any

import pytest

from mooring import spec
from mooring.catalog.catalog import Catalog
from mooring.evaluate import budget
from mooring.evaluate.baselines import Baselines
from mooring.evaluate.calibrate import Sworn
from mooring.evaluate.judges.calibration import Agreement
from mooring.evaluate.run import Options, plan
from mooring.evaluate.session import Compared, Session
from mooring.evaluate.values import Cost, Reply, Results, Score, Trial
from mooring.release.release import Release
from mooring.spec.model import Prices
from tests.evaluate.run.conftest import KEYS, Evaluate, MakeSuite
from tests.runtime.stub import Reply as Says
from tests.runtime.stub import Stub

RUBRIC: dict[str, Any] = {"type": "llm-rubric", "value": "It is kind."}
JUDGED = {"judge": {"model": "judge", "calibration": "tone"}, "defaultTest": {"assert": [RUBRIC]}}
TONE = """\
description: Tone, labelled by @a/b.
assert: {type: llm-rubric, value: It is kind.}
answers:
  - {input: Hello?, answer: Hello there., label: pass}
  - {input: Hello?, answer: Go away., label: fail}
"""
QUESTION = 0.009
"""US dollars of one question to the judge, by what the stub says that it takes."""

TRIAL = 0.0018 + QUESTION


@pytest.fixture
def models(stub: Stub, release: Release) -> dict[str, spec.Model]:
    """One judge, dearer than the agents' models."""
    stub.script("judge-1", Says('{"score": 9, "reason": "It is kind."}'))
    prices = Prices.model_validate({"inputPerMillion": 50, "outputPerMillion": 200})
    dear = {"id": "judge-1", "name": "judge", "prices": prices}
    return {"judge": release.content.models["primary"].model_copy(update=dear)}


@pytest.fixture
def calibration(tmp_path: Path) -> Path:
    (tmp_path / "tone.yaml").write_text(TONE)
    return tmp_path


def trial(case: str, answers: float, judges: float, evidence: Any = "live") -> Trial:
    score = Score("llm-rubric", "tone", True, 0.9, cost_usd=judges)
    return Trial("s", case, 0, evidence, (Reply("", cost_usd=answers),), (score,), True, 0.0)


def results(*trials: Trial, evidence: Any = "live") -> Results:
    return Results("sha256:1", "local", evidence, 0, "2026-01-15T12:00:00+00:00", True, trials, {})


def test_what_a_case_cost_is_the_mean_of_its_repeats_answers_and_judges_apart() -> None:
    found = budget.seen(results(trial("a", 1, 3), trial("a", 2, 5), trial("b", 0.5, 0)))
    assert found == {("s", "a"): Cost(1.5, 4), ("s", "b"): Cost(0.5, 0)}


def test_only_live_results_were_paid() -> None:
    assert budget.spent(results(trial("a", 1, 3), trial("b", 0.5, 0))) == Cost(1.5, 3)
    assert budget.spent(results(trial("a", 1, 3, "recorded"), evidence="recorded")) == Cost()


def test_a_plan_expects_the_judge_to_be_asked_as_often_as_the_agent(
    suite: MakeSuite, release: Release, models: Any
) -> None:
    options = Options("live", Path(), Path(), Path(), repeats=3, models=models)
    plain, judged = (
        plan(release, {"asked": suite("a", "b", **more)}, options).estimate
        for more in ({"defaultTest": {"assert": [{"type": "contains", "value": "a"}]}}, JUDGED)
    )
    assert plain.judges == 0
    assert judged.answers == plain.answers > 0
    assert QUESTION * 6 < judged.judges < 10 * QUESTION * 6
    simulated = Options("simulated", Path(), Path(), Path(), repeats=3, models=models)
    assert plan(release, {"asked": suite("a", **JUDGED)}, simulated).estimate == Cost()


def test_what_an_earlier_run_cost_is_expected_again(suite: MakeSuite, release: Release, models: Any) -> None:
    known = {("asked", "case-0"): Cost(1, 2)}
    options = Options("live", Path(), Path(), Path(), repeats=3, models=models, expected=known)
    assert plan(release, {"asked": suite("a", **JUDGED)}, options).estimate == Cost(3, 6)


def test_a_metric_of_several_questions_is_expected_to_cost_more(
    suite: MakeSuite, release: Release, models: Any
) -> None:
    options = Options("live", Path(), Path(), Path(), models=models)

    def judges(assertion: dict[str, Any]) -> float:
        case = {"id": "x", "vars": {"message": "a"}, "assert": [assertion]}
        return plan(release, {"asked": suite(case, judge=JUDGED["judge"])}, options).estimate.judges

    assert judges({"type": "faithfulness"}) > 2 * judges(RUBRIC)


@pytest.mark.slow
def test_judges_and_their_calibration_are_paid_from_the_budget_and_end_the_run(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, models: Any, calibration: Path
) -> None:
    sworn: list[Sworn] = []
    asked = suite(*["hi"] * 20, **JUDGED)
    given = {"models": models, "calibration": calibration, "sworn": sworn}
    found = evaluate(asked, evidence="live", repeats=2, budget_usd=0.1, **given)
    (who,) = sworn
    assert who.paid == pytest.approx(2 * QUESTION)
    assert budget.spent(found).total == pytest.approx(len(found.trials) * TRIAL)
    assert 0.1 - TRIAL < who.paid + budget.spent(found).total <= 0.1
    assert len(stub.asked("judge-1")) == 2 + len(found.trials)
    assert not found.complete


@pytest.mark.slow
def test_judges_who_are_only_played_cost_nothing(
    suite: MakeSuite, evaluate: Evaluate, models: Any, calibration: Path
) -> None:
    sworn: list[Sworn] = []
    asked = suite(*["hi"] * 3, **JUDGED)
    found = evaluate(asked, models=models, calibration=calibration, sworn=sworn, budget_usd=0.001)
    assert (found.complete, budget.spent(found), sworn[0].paid) == (True, Cost(), 0)
    assert all(trial.cost.judges == pytest.approx(QUESTION) for trial in found.trials)


def test_what_is_left_is_the_budget_without_answers_judges_and_their_calibration(
    release: Release, calibration: Path
) -> None:
    sworn = Sworn(agreements={"s": Agreement("judge", "tone", 0.6, cost_usd=0.1)})
    options = Options("live", Path(), Path(), Path(), budget_usd=1.0, sworn=[sworn])
    catalog = Catalog({})
    session = Session(release, None, {}, catalog, options, calibration, Baselines(calibration))
    base, head = results(trial("a", 0.3, 0.2)), results(trial("a", 0.1, 0.05))
    assert session.spent(base, head).judges == pytest.approx(0.1 + 0.2 + 0.05)
    assert session.left(base) == pytest.approx(0.4)
    assert session.left(base, head, base) == 0


@pytest.mark.slow
def test_what_is_asked_again_of_both_sides_is_paid_from_one_budget(
    stub: Stub, suite: MakeSuite, release: Release, tmp_path: Path
) -> None:
    hello = {"id": "case-0", "vars": {"message": "hi"}, "assert": [{"type": "contains", "value": "hello"}]}
    asked = {"asked": suite(hello)}
    options = Options("live", Path(), tmp_path, Path(), budget_usd=0.04, simulator_url=stub.url, environ=KEYS)
    before = Compared(release, asked, tmp_path)
    session = Session(release, before, asked, Catalog({}), options, tmp_path / "out", Baselines(tmp_path))
    base, head = session.rerun([("asked", "case-0")], 20, lambda side, trial: None)
    assert not (base.complete and head.complete)
    assert 20 < len(base.trials) + len(head.trials) < 40
    assert session.spent(base, head).total <= 0.04
