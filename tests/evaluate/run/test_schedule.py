"""What is asked next, and when asking stops."""

import pytest

from mooring.evaluate.job import Ask
from mooring.evaluate.schedule import Budget, Schedule
from mooring.evaluate.values import Reply, Score, Trial

KEYS = [("s", f"case-{n}") for n in range(8)]


def schedule(repeats: int = 3, critical: bool = False, seed: int = 0, budget: Budget | None = None) -> Schedule:
    return Schedule(dict.fromkeys(KEYS, repeats), KEYS if critical else (), seed, 0, budget or Budget(None, 0))


def everything(of: Schedule) -> list[Ask]:
    return list(iter(of.next, None))


def trial(ask: Ask, passed: bool | None = True, cost: float = 0.0) -> Trial:
    replies = (Reply("", cost_usd=cost),)
    return Trial(ask.suite, ask.case, ask.repeat, "live", replies, (), passed, 0.0)


def test_every_case_is_asked_once_before_any_is_asked_twice() -> None:
    asks = everything(schedule())
    assert [ask.repeat for ask in asks] == [0] * 8 + [1] * 8 + [2] * 8
    assert {ask.key for ask in asks[:8]} == set(KEYS)


def test_a_seed_gives_one_order_and_another_seed_another() -> None:
    assert everything(schedule(seed=1)) == everything(schedule(seed=1)) != everything(schedule(seed=2))


def test_a_critical_case_that_failed_is_not_asked_again() -> None:
    plan = schedule(critical=True)
    first = plan.next()
    assert first
    plan.told(trial(first, passed=False))
    assert sum(ask.key == first.key for ask in everything(plan)) == 0
    assert plan.complete
    assert plan.stopped_early == 2


def test_other_cases_are_asked_as_often_as_planned_whatever_they_answer() -> None:
    plan = schedule()
    asks = []
    while ask := plan.next():
        asks.append(ask)
        plan.told(trial(ask, passed=False))
    assert len(asks) == plan.total == 24


def test_a_case_that_cannot_be_judged_is_given_up_after_two_errors() -> None:
    plan = schedule(repeats=5)
    asked = 0
    while ask := plan.next():
        asked += 1
        plan.told(trial(ask, passed=None))
    assert asked == 2 * len(KEYS)


def test_a_budget_is_never_overspent_and_makes_the_run_partial() -> None:
    budget = Budget(1.0, expected=0.1)
    plan = schedule(repeats=50, budget=budget)
    under_way: list[Ask] = []
    while True:
        while ask := plan.next():
            under_way.append(ask)
        if not under_way:
            break
        assert budget.spent + 0.1 * len(under_way) <= 1.0 + 1e-9
        plan.told(trial(under_way.pop(), cost=0.1))
    assert 0.9 < budget.spent <= 1.0
    assert budget.reached
    assert not plan.complete


def test_a_dear_trial_makes_the_budget_careful() -> None:
    budget = Budget(1.0, expected=0.01)
    assert budget.reserve()
    budget.spend(0.6)
    assert not budget.reserve()


def test_a_trial_costs_what_its_judge_takes_too() -> None:
    budget = Budget(1.0, expected=0.1)
    plan = schedule(budget=budget)
    ask = plan.next()
    assert ask
    score = Score("llm-rubric", "tone", True, 0.9, cost_usd=0.4)
    plan.told(Trial(ask.suite, ask.case, 0, "live", (Reply("", cost_usd=0.2),), (score,), True, 0.0))
    assert budget.spent == pytest.approx(0.6)
    assert plan.next() is None
    assert budget.reached


def test_only_models_that_are_really_asked_cost_money() -> None:
    budget = Budget(0.5, expected=0.0)
    plan = schedule(budget=budget)
    ask = plan.next()
    assert ask
    judged = (Score("llm-rubric", "tone", True, 0.9, cost_usd=9.0),)
    plan.told(Trial(ask.suite, ask.case, 0, "simulated", (Reply("", cost_usd=9.0),), judged, True, 0.0))
    assert budget.spent == 0
