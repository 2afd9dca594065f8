"""The facts of a slot say what is true of its workers."""

from typing import Any

import pytest

from mooring.report.status import rows, workers
from mooring.targets.local.together import together

pytestmark = pytest.mark.slow


def worker(number: int, **facts: Any) -> dict[str, Any]:
    known = {"digest": "sha256:a", "pid": 100 + number, "rss": 2**20, "connections": 3, "runtime": None}
    known |= {"ready": True, "reasons": [], "accepting": True, "totals": {"answered": 5, "lost": 1}, "in_flight": 2}
    return {**known, "restarts": 0, "spare": None, "number": number, **facts}


def runtime(breaker: str, answered: int, **more: Any) -> dict[str, Any]:
    rungs = {"L0": {"model": "primary", "breaker": breaker, "opens_in": 1.0}}
    return {
        "agents": {"support": {"rungs": rungs, "answered": {"L0": answered}}},
        "tools": {},
        "canaries": {},
        "memory": {"ratio": 0.1 * answered, "limit_mib": 512},
        "context_ratio": 0.5,
        "conversations": 2,
        "spend": [],
        "queue_depth": 4,
        "loop_lag_seconds": 0.01,
        **more,
    }


def test_counts_are_added_up_also_those_of_workers_that_are_not_wanted_any_more() -> None:
    facts = together([worker(1), worker(2), worker(3, ready=False)], 2)
    assert (facts["ready"], facts["in_flight"], facts["totals"]) == (True, 6, {"answered": 15, "lost": 3})
    assert [one["number"] for one in facts["workers"]] == [1, 2]


def test_a_slot_is_not_ready_while_one_of_its_workers_is_not_and_says_which() -> None:
    facts = together([worker(1), worker(2, ready=False, reasons=["no key"])], 2)
    assert (facts["ready"], facts["reasons"]) == (False, ["worker 2: no key"])
    both = together([worker(1, ready=False, reasons=["no key"]), worker(2, ready=False, reasons=["no key"])], 2)
    assert both["reasons"] == ["no key"]


def test_a_slot_whose_workers_hold_two_releases_is_not_ready() -> None:
    assert not together([worker(1), worker(2, digest="sha256:b")], 2)["ready"]


def test_an_empty_slot_has_no_workers() -> None:
    gone = {"digest": None, "pid": None, "ready": False, "rss": None, "connections": None, "in_flight": 0}
    facts = together([worker(1, **gone)], 0)
    assert (facts["digest"], facts["ready"], facts["workers"]) == (None, False, [])


def test_of_what_workers_say_the_worst_is_shown_and_shared_figures_are_not_added() -> None:
    facts = together([worker(1, runtime=runtime("closed", 1)), worker(2, runtime=runtime("open", 2))], 2)
    said = facts["runtime"]
    support = said["agents"]["support"]
    assert (support["rungs"]["L0"]["breaker"], support["answered"]) == ("open", {"L0": 3})
    assert (said["conversations"], said["queue_depth"], said["memory"]["ratio"]) == (4, 4, 0.2)


def test_the_status_shows_each_worker_of_the_live_slot() -> None:
    blue = together([worker(1), worker(2, ready=False, accepting=False, restarts=1)], 2)
    data = {"live": {"slot": "blue"}, "slots": {"blue": blue}}
    assert rows(data)[0][1] == "live, 1 of 2 workers ready"
    assert [row[:2] for row in workers(data)] == [("blue 1", "accepting"), ("blue 2", "starting")]
    alone = {"live": {"slot": "blue"}, "slots": {"blue": together([worker(1)], 1)}}
    assert (rows(alone)[0][1], workers(alone)) == ("live", [])
