"""What is lost at a rung: figures of the same cases, in pairs, and the names of those that only one side passes."""

from typing import Any

from mooring.evaluate.loss import Loss, losses
from mooring.evaluate.values import Evidence, Reply, Results, Score, Trial
from mooring.release.release import Release
from mooring.report.evaluation import rung


def trial(case: str, passed: bool | None, *scores: Score, cost: float = 0.0, took: float | None = None) -> Trial:
    reply = Reply("x", cost_usd=cost, latency_seconds=took)
    return Trial("asked", case, 0, "live", (reply,), scores, passed, 0.1)


def score(metric: str, value: float) -> Score:
    return Score(metric, metric, value >= 0.5, value)


def results(*trials: Trial, evidence: Evidence = "live") -> Results:
    return Results("sha256:x", "local", evidence, 0, "2026-01-01T00:00:00+00:00", True, trials, {})


def loss(suite: Any, release: Release, ladder: Results, pinned: Results, *cases: Any) -> Loss:
    (found,) = losses(release.content, "L2", {"asked": suite(*cases)}, ladder, pinned)
    return found


def test_cases_are_compared_in_pairs(suite, release):
    ladder = results(trial("a", True, cost=0.2, took=2), trial("b", True, cost=0.4, took=4), trial("c", None, cost=9))
    pinned = results(trial("a", True, took=1), trial("b", False, took=1), trial("c", True))
    critical = {"id": "b", "critical": True, "vars": {"message": "b"}}
    found = loss(suite, release, ladder, pinned, critical)
    assert (found.judged, found.lost, found.gained, found.unjudged) == (2, ("asked/b",), (), ("asked/c",))
    assert found.critical == ("asked/b",)
    assert (found.ladder.passed, found.pinned.passed) == (2, 1)
    assert (round(found.ladder.cost_usd or 0, 9), found.pinned.cost_usd) == (0.3, 0)
    assert (found.ladder.latency_seconds, found.pinned.latency_seconds) == (3, 1)


def test_metrics_are_means_of_the_cases_that_have_them_on_both_sides(suite, release):
    ladder = results(trial("a", True, score("contains", 1), score("tone", 0.8)), trial("b", True, score("contains", 1)))
    pinned = results(trial("a", True, score("contains", 1)), trial("b", False, score("contains", 0)))
    found = loss(suite, release, ladder, pinned, "a", "b")
    assert [(metric.name, metric.ladder, metric.rung) for metric in found.metrics] == [("contains", 1, 0.5)]


def test_a_policy_that_only_the_rung_breaks_is_told(suite, release):
    ladder = results(trial("a", True, score("no-secret", 1)), trial("b", False, score("no-secret", 0)))
    pinned = results(trial("a", False, score("no-secret", 0)), trial("b", False, score("no-secret", 0)))
    assert loss(suite, release, ladder, pinned, "a", "b").broken == ("asked/a: no-secret",)


def test_simulated_latency_says_nothing(suite, release):
    side = results(trial("a", True, took=1), evidence="simulated")
    assert loss(suite, release, side, side, "a").pinned.latency_seconds is None


def test_the_lines_say_who_stands_there_and_what_is_lost(suite, release):
    ladder = results(trial("a", True, score("contains", 1), cost=0.2), trial("b", True, score("contains", 1)))
    pinned = results(trial("a", True, score("contains", 1)), trial("b", False, score("contains", 0)))
    found = loss(suite, release, ladder, pinned, "a", "b")
    lines = list(rung.text([found], "live"))
    assert lines[:2] == [
        "support at L2 against its whole ladder, live evidence",
        "L2 is small, told support, with 2 tools",
    ]
    assert [line.split() for line in lines[2:5]] == [
        ["ladder", "L2", "lost"],
        ["cases", "passed", "2", "of", "2", "1", "of", "2", "1"],
        ["mean", "score", "1.00", "0.50", "0.50"],
    ]
    assert lines[-1] == "passed by the ladder alone: asked/b"
    assert "| `cases passed` | 2 of 2 | 1 of 2 | 1 |" in rung.markdown([found], "live")


def test_the_pinned_rung_is_the_only_one_that_is_asked(evaluate, suite, stub):
    found = evaluate(suite("hello"), rung="L2")
    assert [reply.rung for one in found.trials for reply in one.replies] == ["L2"]
    assert (len(stub.asked("small-1")), stub.asked("primary-1"), stub.asked("alternate-1")) == (1, [], [])
