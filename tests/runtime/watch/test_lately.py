"""What an agent does lately is counted for each by itself, and forgotten after a while."""

from mooring.runtime.watch.lately import SECONDS, Lately


def test_runs_in_flight_rungs_and_the_last_error_are_told_by_agent() -> None:
    lately = Lately(lambda: 1000.0)
    for run in ("one", "two", "three"):
        lately.began("desk")
        if run != "three":
            lately.ended("desk", run, "L0" if run == "one" else "L1", "")
    lately.began("sales")
    lately.ended("sales", "four", "", "deadline_exceeded")
    assert lately.data("desk") == {"in_flight": 1, "lately": {"L0": 1, "L1": 1}, "last_error": None}
    error = {"problem": "deadline_exceeded", "at": 1000.0, "run": "four"}
    assert lately.data("sales") == {"in_flight": 0, "lately": {"none": 1}, "last_error": error}
    assert lately.data("never asked") == {"in_flight": 0, "lately": {}, "last_error": None}


def test_a_client_that_left_is_no_error() -> None:
    lately = Lately()
    lately.began("desk")
    lately.ended("desk", "one", "", "cancelled")
    assert lately.data("desk")["last_error"] is None


def test_what_was_long_ago_is_not_lately_but_stays_the_last_error() -> None:
    now = [1000.0]
    lately = Lately(lambda: now[0])
    lately.began("desk")
    lately.ended("desk", "one", "L4", "deadline_exceeded")
    now[0] += SECONDS + 1
    told = lately.data("desk")
    assert (told["lately"], told["last_error"]["run"]) == ({}, "one")
