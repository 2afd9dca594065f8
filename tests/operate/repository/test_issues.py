"""One issue for what a job finds, against a stand-in for GitHub's REST API on loopback."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from mooring.errors import Failed
from mooring.operate.repository.issues import close, keep
from tests.operate.repository.tracker import Tracker

MARK = "<!-- mooring tracking drift local -->"
ILL, WORSE, WELL = (f"{MARK}\n{text}\n" for text in ("ill", "worse", "well"))


@pytest.fixture
def host() -> Iterator[Tracker]:
    with Tracker().serving() as server:
        yield server


def no_pause(_: float) -> None:
    pass


def test_an_issue_is_opened_updated_in_place_and_closed_with_what_is_well(host: Tracker) -> None:
    assert keep(host.github, "drift: local", ILL).said == "opened #1"
    assert keep(host.github, "drift: local", WORSE).said == "updated #1"
    assert [issue["body"] for issue in host.issues] == [WORSE]
    assert close(host.github, WELL).said == "closed #1"
    (issue,) = host.issues
    assert (issue["state"], issue["state_reason"], issue["body"]) == ("closed", "completed", WELL)
    assert close(host.github, WELL).said == "no issue is open, and none is needed"
    assert keep(host.github, "drift: local", ILL).said == "opened #2"


@pytest.mark.slow
def test_issues_of_others_and_pull_requests_are_left_alone(host: Tracker) -> None:
    host.add("drift: local", ILL, {"login": "stranger"})
    host.add("a pull request", ILL, pull_request={})
    host.add("drift: other", ILL.replace("local", "localhost"))
    host.add("says it later", f"see {MARK}")
    before = [dict(issue) for issue in host.issues]
    assert keep(host.github, "drift: local", ILL).said == "opened #5"
    assert close(host.github, WELL).number == 5
    assert host.issues[:4] == before


def test_an_issue_beyond_the_first_page_is_found(host: Tracker) -> None:
    for number in range(150):
        host.add(f"other {number}", "by a person", {"login": "ann"})
    host.add("drift: local", ILL)
    assert keep(host.github, "drift: local", WORSE).said == "updated #151"


def test_two_jobs_at_once_end_up_with_one_issue(host: Tracker) -> None:
    both_looked = threading.Barrier(2, timeout=10)
    looks: list[str] = []

    def meet(method: str) -> None:
        if method == "POST" and len(looks) < 2:
            looks.append(method)
            both_looked.wait()

    host.before = meet
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda _: keep(host.github, "drift: local", ILL), range(2)))
    host.before = lambda method: None
    assert len(host.issues) == 2
    keep(host.github, "drift: local", WORSE)
    assert {one.number for one in told} <= {1, 2}
    assert [issue["number"] for issue in host.open] == [1]
    assert host.issues[0]["body"] == WORSE
    assert "The same as #1" in host.issues[1]["body"]


def test_two_jobs_that_close_at_once_do_no_more_than_one(host: Tracker) -> None:
    keep(host.github, "drift: local", ILL)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: close(host.github, WELL), range(2)))
    assert (len(host.issues), host.open, host.issues[0]["body"]) == (1, [], WELL)


@pytest.mark.parametrize("trouble", [[503], [502, 500, 429]])
def test_a_passing_error_is_tried_again_and_leaves_one_issue(host: Tracker, trouble: list[int | str]) -> None:
    host.trouble = [*trouble]
    keep(host.github, "drift: local", ILL, no_pause)
    assert [issue["body"] for issue in host.issues] == [ILL]


def test_a_lost_answer_does_not_open_a_second_issue(host: Tracker) -> None:
    def lose(method: str) -> None:
        if method == "GET" and not host.issues:
            host.trouble = ["lost"]

    host.before = lose
    assert keep(host.github, "drift: local", ILL, no_pause).said == "updated #1"
    assert len(host.issues) == 1


def test_a_refusal_names_the_permission(host: Tracker) -> None:
    host.trouble = [403]
    with pytest.raises(Failed, match="HTTP 403") as told:
        keep(host.github, "drift: local", ILL)
    assert "issues: write" in told.value.fix


def test_a_host_that_cannot_be_reached_is_said_to_be_that(host: Tracker) -> None:
    github = host.github
    host.shutdown()
    host.server_close()
    with pytest.raises(Failed, match="cannot be reached") as told:
        keep(github, "drift: local", ILL, no_pause)
    assert github.token not in str(told.value)
