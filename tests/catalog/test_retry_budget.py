"""Worst cases are computed as a person would on paper, and the example's own profiles keep to what was promised."""

from dataclasses import replace
from pathlib import Path

import pytest

from mooring.catalog.catalog import Catalog
from mooring.catalog.load import load
from mooring.catalog.retry_budget import SUMMARY, Budget, Cost, budget, budgets
from mooring.catalog.source import WorkTree
from mooring.report import budgets as render
from mooring.spec import Agent, Resilience
from mooring.spec.resilience import Retry
from tests.repository import CONTENT

ROOT = Path(__file__).parents[2]

EDIT = """--- configs/agents/clerk.yaml
+limits:
+  maxModelCalls: 3
--- configs/resilience/calm.yaml
-ladder:
+context:
+  strategy: summarise-middle
+  summaryModel: large
+ladder:
"""

PROFILE = {
    "apiVersion": "mooring/v1",
    "kind": "Resilience",
    "name": "calm",
    "version": "1.0.0",
    "description": "Takes its time.",
    "owner": "@lighthouse/desk",
}


@pytest.fixture(scope="module")
def house() -> Catalog:
    return load(WorkTree(CONTENT))[0]


@pytest.fixture
def clerks(stage, tmp_path) -> Catalog:
    edit = tmp_path / "x.edit"
    edit.write_text(EDIT)
    return load(WorkTree(stage(edit, tmp_path / "tree").root))[0]


def test_a_rung_costs_its_tries_and_the_longest_waits_between_them() -> None:
    cost = Cost("L0", "large", 3, 12, 1.25 + 2.5, 3)
    assert cost.seconds == 39.75
    assert str(cost) == "L0 3 x 12 s + 3.75 s of waits"


def test_of_many_tries_two_may_time_out_and_the_others_share_their_time() -> None:
    profile = Resilience.model_validate(PROFILE | {"retry": {"tries": 5, "baseSeconds": 2, "jitter": "none"}})
    assert (profile.tries("L0"), profile.timeouts("L0"), profile.rung_seconds("L0")) == (5, 2, 2 * 15 + 2)
    hasty = profile.retry.model_copy(update={"tries_after_timeout": 0})
    assert profile.model_copy(update={"retry": hasty}).rung_seconds("L0") == 15


@pytest.mark.parametrize(("after", "hedged"), [(4, 41.25), (20, 51.25), (30, 61.25)])
def test_a_hedged_ladder_overlaps_its_rungs(after: float, hedged: float) -> None:
    """By hand: L0 ends after 41.25 s, L1 31.25 s after it is asked."""
    rungs = (Cost("L0", "a", 4, 20, 1.25, 2), Cost("L1", "b", 2, 15, 1.25, 2))
    known = Budget("clerk", "calm", 120, 3, rungs, (), 30, after)
    assert (known.hedged, known.ladder) == (hedged, 72.5)
    summary = Cost(SUMMARY, "c", 1, 8, 0, 1)
    assert replace(known, rungs=(summary, *rungs)).hedged == hedged + 8
    assert replace(known, hedge=None).hedged is replace(known, rungs=rungs[:1]).hedged is None


def test_a_ladder_is_the_sum_of_its_rungs_and_of_the_summary_before_it(clerks: Catalog) -> None:
    known = budget(clerks, clerks.all(Agent)["clerk"])
    assert known is not None
    assert [(rung.call, rung.tries, rung.seconds) for rung in known.rungs] == [
        (SUMMARY, 1, 8),
        ("L0", 2, 2 * 20 + 1.25),
        ("L1", 2, 2 * 15 + 1.25),
    ]
    assert (known.ladder, known.calls) == (80.5, 5)


def test_the_slowest_tool_stands_before_the_ladder(clerks: Catalog) -> None:
    known = budget(clerks, clerks.all(Agent)["clerk"])
    assert known is not None
    assert known.slowest == Cost("shred", "desk/shred", 2, 15, 1.25, 2)
    assert known.stacked == known.ladder + 31.25


def test_an_environment_that_overrides_has_a_budget_of_its_own(clerks: Catalog) -> None:
    ((known, environments),) = budgets(clerks)
    assert environments == ("here",)
    assert known.ladder == 80.5 + 2 * 1.25


def test_a_table_shows_every_sum_against_the_deadline(clerks: Catalog) -> None:
    rows = render.rows(budgets(clerks))
    assert ("clerk", "one model call", "here", "5", "", "", "83 s of 120 s (calm)") in rows
    assert rows[-1] == ("clerk", "tool and model call", "here", "", "", "", "115.5 s of 120 s (calm)")
    assert ("clerk", "hedged after 4 s", "here", "", "", "", "50.5 s of 120 s (calm)") in rows
    (data,) = render.data(budgets(clerks))
    assert (data["calls"], data["calls_of_a_run"], data["environments"]) == (5, 15, ["here"])


@pytest.mark.parametrize(("number", "least", "most"), [(1, 0.5, 1.5), (2, 1.5, 3.5), (3, 2.5, 6.5), (4, 6, 12)])
def test_default_waits_are_as_promised(number: int, least: float, most: float) -> None:
    retry = Retry()
    shortest = retry.wait(number) * (1 - retry.jitter_rate)
    assert least <= shortest <= retry.longest_wait(number) <= most


def test_the_profiles_here_try_and_wait_as_promised(house: Catalog) -> None:
    for profile in house.all(Resilience).values():
        retry = profile.retry
        assert 3 <= profile.tries("L0") <= 5
        assert profile.objectives.p99_seconds is not None
        assert 1 <= retry.base_seconds <= 2
        assert 30 <= retry.cap_seconds <= 60
        assert retry.jitter != "none"


def test_every_agent_here_has_time_for_its_whole_ladder_and_a_tool_before(house: Catalog) -> None:
    for known, _ in budgets(house):
        assert known.stacked <= known.deadline


def test_one_model_call_here_keeps_to_30_seconds_unless_its_profile_says_that_it_may_take_longer(
    house: Catalog,
) -> None:
    worst = {(known.profile, known.objective, known.ladder < (known.objective or 0)) for known, _ in budgets(house)}
    assert worst == {("standard", 30, True), ("critical", 90, True)}
