"""The live drills themselves, each on a scratch copy with real processes."""

from collections.abc import Callable
from typing import get_args

import pytest

from mooring.operate.exercises.outcome import BROKEN, HELD, INCONCLUSIVE, Exercised
from mooring.operate.exercises.table import EXERCISES
from mooring.spec.environment import Exercise
from tests.repository import Repo

pytestmark = pytest.mark.slow

Drill = Callable[..., Exercised]


def held(found: Exercised) -> bool:
    return all(check.held for check in found.checks)


def test_a_killed_run_goes_on_and_its_effect_is_there_once(drill: Drill) -> None:
    found = drill("crash", kills=3)
    assert found.figures["questions"] == ["support/orders/person-asked-for-with-an-address"]
    assert (found.figures["kills"], found.figures["effects"]) == (3, 3)
    assert [found.figures[name] for name in ("doubled", "missing", "repeated")] == [0, 0, 0]
    assert [check.held for check in found.checks[:3]] == [True, True, True], found


def test_without_a_question_that_changes_something_nothing_is_said_of_effects(drill: Drill, repo: Repo) -> None:
    for suite in (repo.root / "evals/suites").rglob("*.yaml"):
        suite.unlink()
    found = drill("crash", kills=1)
    assert (found.result, found.figures["effects"]) == (INCONCLUSIVE, 0)
    assert "no question of the suites" in found.checks[2].seen


def test_a_release_that_goes_bad_is_taken_back_and_no_request_is_lost(drill: Drill) -> None:
    found = drill("rollback")
    assert "requests failed" in found.figures["verdict"]
    assert (found.checks[0].held, found.figures["lost"], found.figures["lost_by_the_slots"]) == (True, 0, 0), found
    assert found.figures["failed"] >= 20 <= found.figures["refused_calls"]
    assert found.figures["rto"] is not None


def test_a_release_that_nobody_watches_stays_live_and_the_drill_says_so(drill: Drill, repo: Repo) -> None:
    repo.edit("configs/environments/local.yaml", "maxErrorRate: 0.05", "maxErrorRate: 1")
    repo.edit("configs/environments/local.yaml", "bakeSeconds: 20", "bakeSeconds: 3")
    repo.edit("configs/environments/local.yaml", "objectives: objectives\n", "")
    found = drill("rollback")
    assert (found.result, found.checks[0].seen) == (BROKEN, "it stays live")


@pytest.mark.parametrize("only", [("supervisor is killed", "locked"), ("disk is full", "simulator")])
def test_users_feel_no_more_of_a_failure_than_is_promised(drill: Drill, only: tuple[str, ...]) -> None:
    found = drill("slots", only=only)
    assert len(found.checks) == 2
    for check in found.checks:
        seen = found.figures[check.what]
        assert (seen["failed"], seen["lost"], seen["requests"] > 10) == (0, 0, True), found
    if "locked" in only:
        assert "not written down" in found.checks[1].seen


def test_a_lost_machine_is_restored_and_a_conversation_goes_on(drill: Drill) -> None:
    found = drill("restore")
    assert found.result == HELD, found
    assert found.figures["turns"] == 4
    assert found.figures["rows"] > 0


@pytest.mark.parametrize("part", ["vendors", "services"])
def test_answers_go_on_while_a_dependency_fails_and_health_says_so(drill: Drill, part: str) -> None:
    found = drill("dependency", parts=(part,))
    assert held(found), found
    assert len(found.checks) == {"vendors": 4, "services": 2}[part]


def test_every_drill_that_an_environment_can_demand_is_there() -> None:
    assert tuple(EXERCISES) == get_args(Exercise)
