"""One pull request for a branch, against a stand-in for GitHub's REST API on loopback."""

from collections.abc import Iterator

import pytest

from mooring.errors import Failed
from mooring.operate.repository import pulls
from tests.operate.repository.host import Host

BRANCH = "mooring/adopt-local"


@pytest.fixture
def host() -> Iterator[Host]:
    with Host().serving() as server:
        yield server


def test_a_pull_request_is_opened_once_and_updated(host: Host) -> None:
    assert pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.") == (1, "opened #1")
    assert pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.") == (1, "#1 is as it should be")
    assert pulls.keep(host.github, BRANCH, "Adopt 2 values", "Why.") == (1, "updated #1")
    (pull,) = host.pulls
    assert (pull["title"], pull["base"]["ref"], pull["state"]) == ("Adopt 2 values", "main", "open")


def test_it_is_closed_with_the_reason_and_then_there_is_none(host: Host) -> None:
    pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.")
    assert pulls.close(host.github, BRANCH, "It is gone.") == 1
    assert (host.pulls[0]["state"], host.comments) == ("closed", [(1, "It is gone.")])
    assert pulls.close(host.github, BRANCH, "It is gone.") is None
    assert pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.") == (2, "opened #2")


def test_passing_errors_are_tried_again_and_one_answer_that_was_lost_is_found(host: Host) -> None:
    host.trouble = [503, "lost"]
    waited: list[float] = []
    assert pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.", waited.append)[0] == 1
    assert len(waited) == 2
    assert len(host.pulls) == 1


def test_a_host_that_is_down_is_said(host: Host) -> None:
    host.trouble = [500] * 9
    with pytest.raises(Failed, match="cannot be reached"):
        pulls.keep(host.github, BRANCH, "Adopt 1 value", "Why.", lambda _: None)
