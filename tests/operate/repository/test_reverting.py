"""A rollback is finished in git: one pull request, whoever does it and however often, closed when it is overtaken."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.repository import reverting
from mooring.operate.repository.reverted import Taken, body, mark
from mooring.operate.repository.reverting import Settled
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Accounted
from mooring.rollout.state import Event, Kind, Passed, Requested, Side, State, Stumbled
from mooring.state.place.location import Location
from tests.operate.repository.host import Host
from tests.operate.repository.standin import Answer, Query
from tests.repository import SURROUNDINGS

GOOD, BAD, NEXT = (f"sha256:{letter * 64}" for letter in "abc")
BRANCH = f"mooring/revert-{'b' * 12}"


class Pulls(Host):
    """And workflows that are started."""

    def __init__(self) -> None:
        super().__init__()
        self.started: list[tuple[str, str]] = []
        self.forbidden = ""

    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        if method == "POST" and path[:2] == ["actions", "workflows"]:
            if path[2] == self.forbidden:
                return 403, {}
            self.started.append((path[2], sent["ref"]))
            return 204, None
        if (method, path) == ("GET", ["pulls"]) and "head" not in query:
            found = [pull for pull in self.pulls if pull["state"] == "open"] if query["page"] == ["1"] else []
            return 200, found
        return super().answer(method, path, query, sent)


@dataclass
class Place:
    root: Path
    ledger: Ledger
    host: Pulls
    live: str = GOOD

    def git(self, *arguments: str, where: str = "shop") -> str:
        command = ["git", "-C", str(self.root.parent / where), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def commit(self, text: str) -> str:
        (self.root / "prompts").mkdir(exist_ok=True)
        (self.root / "prompts/a.yaml").write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Say {text}")
        self.git("push", "-q", "origin", "main")
        return self.git("rev-parse", "HEAD")

    def append(self, event: Event, **state: Any) -> None:
        held = lease.acquire(self.ledger, "local", "ann", "deploy")
        self.ledger.append("local", held.token, "ann", event, State(live=Side("blue", self.live), **state))
        lease.release(self.ledger, held)

    def deployed(self, digest: str, text: str) -> None:
        self.live = digest
        self.append(Requested(1, Kind.DEPLOY, digest, commit=self.commit(text)))
        self.append(Passed(2))

    def taken_back(self, digest: str, why: str = "2 of 20 requests failed") -> None:
        """As a deployment does that fails its bake: the commit is there, the release before is live."""
        commit, more = self.commit(f"bad: {why}"), {"quarantined": digest, "verdict": Reason.BAKE_FAILED, "detail": why}
        self.append(Requested(3, Kind.DEPLOY, digest, commit=commit))
        self.append(Stumbled(4, Reason.BAKE_FAILED, why), **more)
        self.append(Accounted(5, 20, 18, 2, 0, 0, 0, 3.5, 0.4), **more)

    def settle(self, github: bool = True) -> Settled:
        host = self.host.github if github else None
        return reverting.settle(self.root, self.ledger, "local", host, lambda _: None)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value)
    ledger = Ledger(Location(tmp_path, "local"))
    with Pulls().serving() as host:
        found = Place(tmp_path / "shop", ledger, host)
        subprocess.run(["git", "init", "-q", "-b", "main", "--bare", str(tmp_path / "remote")], check=True)
        subprocess.run(["git", "init", "-q", "-b", "main", str(found.root)], check=True)
        found.git("remote", "add", "origin", str(tmp_path / "remote"))
        found.deployed(GOOD, "good")
        yield found
    ledger.close()


def test_it_is_opened_once_with_reason_and_receipt_and_its_checks_are_started(place: Place) -> None:
    place.taken_back(BAD)
    first = place.settle()
    assert (first.branch, first.pull_request, first.said) == (BRANCH, 1, "opened #1")
    (pull,) = place.host.pulls
    assert pull["title"].startswith("Revert local to the release of ")
    for words in (mark("local"), "`2 of 20 requests failed`", "0 of 20 requests lost, 2 failed", "Say bad:", BAD):
        assert words in pull["body"]
    assert place.host.started == [(check, BRANCH) for check in reverting.CHECKS]
    assert place.git("show", f"{BRANCH}:prompts/a.yaml", where="remote") == "good"
    before = place.git("rev-parse", BRANCH, where="remote")
    place.append(Passed(9), quarantined=BAD)  # such as a note: it says nothing new
    again = place.settle()
    assert (again.pull_request, again.said) == (1, "#1 is as it should be")
    assert (len(place.host.pulls), len(place.host.started)) == (1, len(reverting.CHECKS))
    assert place.git("rev-parse", BRANCH, where="remote") == before, "a new commit would dismiss its reviews"


@pytest.mark.slow
def test_it_is_closed_when_git_says_the_same_already(place: Place) -> None:
    place.taken_back(BAD)
    place.settle()
    place.commit("good")
    found = place.settle()
    assert (found.branch, found.closed, place.host.pulls[0]["state"]) == (None, [1], "closed")
    assert "are those of" in place.host.comments[0][1]
    assert place.git("branch", "--list", BRANCH, where="remote") == ""
    assert place.settle().closed == []


@pytest.mark.slow
def test_it_is_closed_when_another_release_went_out_or_was_taken_back(place: Place) -> None:
    place.taken_back(BAD)
    place.settle()
    place.taken_back(NEXT, "it is slow")
    found = place.settle()
    assert (found.closed, found.pull_request) == ([1], 2)
    place.deployed(f"sha256:{'d' * 64}", "better")
    assert place.settle().closed == [2]


@pytest.mark.slow
def test_what_somebody_else_committed_to_it_stays(place: Place) -> None:
    place.taken_back(BAD)
    place.settle()
    place.git("switch", "-q", BRANCH)
    (place.root / "prompts/a.yaml").write_text("better")
    place.git("commit", "-q", "-am", "better")
    place.git("push", "-q", "origin", BRANCH)
    place.git("switch", "-q", "main")
    assert place.settle().pull_request == 1
    assert place.git("show", f"{BRANCH}:prompts/a.yaml", where="remote") == "better"


def test_a_check_that_cannot_be_started_is_said_and_the_pull_request_is_there(place: Place) -> None:
    place.taken_back(BAD)
    place.host.forbidden = "evaluate.yml"
    found = place.settle()
    assert (found.pull_request, len(place.host.started)) == (1, 2)
    assert found.problems == ["evaluate.yml was not started: GitHub refused a POST: HTTP 403"]


def test_without_a_host_the_branch_is_pushed_and_without_a_remote_it_is_here(place: Place) -> None:
    place.taken_back(BAD)
    found = place.settle(github=False)
    assert (found.branch, found.pushed, found.pull_request) == (BRANCH, True, None)
    place.git("remote", "remove", "origin")
    found = place.settle(github=False)
    assert (found.branch, found.pushed) == (BRANCH, False)


def test_where_nothing_was_taken_back_nothing_is_there_to_do(place: Place) -> None:
    found = place.settle()
    assert (found.branch, found.closed, place.host.pulls) == (None, [], [])


def test_what_a_machine_said_cannot_speak_in_the_pull_request() -> None:
    detail = "it said `@everyone` <img src=x>\n# hi"
    said = body(Taken("local", BAD, GOOD, "c0ffee", 1.0, "ann", detail, 3, "f", None), [])
    line = next(line for line in said.splitlines() if "taken back" in line)
    assert "`it said '@everyone' <img src=x> # hi`" in line or "'@everyone'" in line
    assert "\n# hi" not in said
