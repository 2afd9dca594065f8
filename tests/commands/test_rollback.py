"""What a rollback in a workflow tells the repository's host."""

from io import StringIO
from typing import Any

import pytest

from mooring.commands import rollback
from mooring.commands.workspace import Workspace
from mooring.errors import Failed
from mooring.operate.repository.branch import keep
from mooring.report.console import Console
from tests.operate.repository.host import Host
from tests.repository import Repo

BRANCH = "mooring/revert-5c3e"


@pytest.fixture
def revert(repo: Repo) -> dict[str, Any]:
    repo.git("clone", "-q", "--bare", str(repo.root), str(repo.root.with_name("remote.git")))
    repo.git("remote", "add", "origin", str(repo.root.with_name("remote.git")))
    head = repo.git("rev-parse", "HEAD").strip()
    return {"branch": BRANCH, "commit": keep(repo.root, BRANCH, head, {"configs/note": "text\n"}, "Revert").commit}


def proposed(repo: Repo, revert: dict[str, Any]) -> dict[str, Any]:
    return rollback._propose(
        Workspace(repo.root, repo.root / ".mooring"), "local", revert, Console(StringIO(), StringIO())
    )


def test_outside_of_a_workflow_the_branch_is_left_to_who_rolls_back(
    repo: Repo, revert: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    assert proposed(repo, revert) == {}
    assert proposed(repo, {"branch": None, "reason": "git says the same already"}) == {}


def test_a_host_that_refuses_makes_the_job_red_and_says_that_traffic_is_back(
    repo: Repo, revert: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host().serving() as host:
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        host.trouble = [403]
        with pytest.raises(Failed, match=r"local is rolled back, but git was not told: .* HTTP 403") as failed:
            proposed(repo, revert)
        assert failed.value.fix == f"push {BRANCH} and open its pull request"
        assert proposed(repo, revert) == {"pull_request": 1}
