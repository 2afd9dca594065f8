"""A commit of a job becomes a pull request whose checks are started, against a stand-in for GitHub's REST API."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.operate.repository.branch import keep
from mooring.operate.repository.proposal import CHECKS, propose
from tests.operate.repository.host import Host
from tests.repository import Repo, copied

BRANCH = "mooring/revert-5c3e"


@pytest.fixture
def host() -> Iterator[Host]:
    with Host().serving() as server:
        yield server


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    return copied(tmp_path)


def made(repo: Repo) -> str:
    head = repo.git("rev-parse", "HEAD").strip()
    return keep(repo.root, BRANCH, head, {"configs/note": "text\n"}, "Revert staging\n\nRolled back by ann.").commit


def remote(repo: Repo) -> None:
    folder = repo.root.with_name("remote.git")
    repo.git("clone", "-q", "--bare", str(repo.root), str(folder))
    repo.git("remote", "add", "origin", str(folder))


def test_the_commit_is_pushed_and_its_message_is_the_pull_requests_and_every_check_is_started(
    repo: Repo, host: Host
) -> None:
    remote(repo)
    commit = made(repo)
    assert propose(repo.root, host.github, BRANCH, commit).said == "opened #1"
    (pull,) = host.pulls
    assert (pull["title"], pull["head"]["ref"], pull["base"]["ref"]) == ("Revert staging", BRANCH, "main")
    assert pull["body"].startswith("Rolled back by ann.")
    assert repo.git("ls-remote", "origin", BRANCH).split("\t")[0] == commit
    assert host.started == [(check, BRANCH) for check in CHECKS]


def test_the_same_again_opens_no_second_one(repo: Repo, host: Host) -> None:
    remote(repo)
    commit = made(repo)
    propose(repo.root, host.github, BRANCH, commit)
    assert propose(repo.root, host.github, BRANCH, commit).said == "#1 is as it should be"
    assert len(host.pulls) == 1


def test_without_a_remote_nothing_is_asked(repo: Repo, host: Host) -> None:
    assert propose(repo.root, host.github, BRANCH, made(repo)).pull_request is None
    assert host.asked == []


def test_a_job_that_may_not_start_workflows_is_told_which_permission_it_needs(repo: Repo, host: Host) -> None:
    remote(repo)
    commit = made(repo)
    propose(repo.root, host.github, BRANCH, commit)
    host.before = lambda method: host.trouble.append(403) if method == "GET" else None
    with pytest.raises(Failed, match="refused a POST: HTTP 403") as refused:
        propose(repo.root, host.github, BRANCH, commit)
    assert refused.value.fix == "the job needs the permission actions: write"
