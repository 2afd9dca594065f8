"""`moor patrol --bisect` with real processes: the release that broke an answer is named, and its revert proposed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.operate.repository.host import Host
from tests.repository import Repo, copied, up

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SUITE = """\
# yaml-language-server: $schema=../../../schemas/evalsuite.schema.json
apiVersion: mooring/v1
kind: EvalSuite
name: support/policy
version: 1.0.0
description: What nobody may change by chance.
owner: "@tidewater/support"
agent: support
tests:
  - id: days
    vars: {message: What is your refund policy?}
    assert: [{type: contains, value: 30 days}]
  - id: order
    vars: {message: "Where is A-1002?"}
    assert: [{type: contains, value: A-1002}]
"""
PATROL = "configs/operations/patrol.yaml"
POLICY = "prompts/shared/refund-policy.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Iterator[Repo]:
    """With environment `local` up, whose canary asks what no smoke suite does."""
    found = copied(tmp_path)
    (found.root / "evals/suites/support/policy.yaml").write_text(SUITE)
    file = found.root / PATROL
    head = file.read_text().partition("checks:")[0].replace("repeatAfterSeconds: 2", "repeatAfterSeconds: 0")
    file.write_text(f"{head}checks:\n  - {{kind: canary, name: canary, suites: [support/policy]}}\nkeepDays: 30\n")
    found.commit("a canary")
    with up(found):
        yield found


def deployed(repo: Repo, moor: Any, message: str) -> str:
    """Deploys what is in the work tree; its commit."""
    assert moor("-C", repo.root, "bump").code == 0
    repo.commit(message)
    said = moor("-C", repo.root, "deploy", "local", "--json")
    assert said.code == 0, said.out
    return repo.git("rev-parse", "HEAD").strip()


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    with Host().serving() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


def test_the_release_that_broke_an_answer_is_named_with_its_commit_and_revert(
    repo: Repo, moor: Any, host: Host, tmp_path: Path
) -> None:
    repo.git("clone", "-q", "--bare", str(repo.root), str(tmp_path / "remote.git"))
    repo.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    profile = "configs/resilience/standard.yaml"
    patrolled = ("-C", repo.root, "patrol", "local")
    well = moor(*patrolled, "--bisect")
    assert (well.code, well.out.splitlines()[-1]) == (0, "nothing to bisect: no case of a canary is in alarm")

    policy = (repo.root / POLICY).read_text()
    (repo.root / POLICY).write_text(policy.replace("30 days", "14 days"))
    smoke = repo.root / "evals/suites/support/smoke.yaml"
    smoke.write_text(smoke.read_text().replace("30 days", "14 days"))
    broke = deployed(repo, moor, "Refunds within 14 days")
    repo.edit(profile, "deadlineSeconds: 120", "deadlineSeconds: 121")
    deployed(repo, moor, "Another change")

    said = moor(*patrolled, "--bisect", "--json")
    assert (said.code, said.json["reason"]) == (1, "alarmed"), said.out
    checks = {check["check"]: check for check in said.json["checks"]}
    assert checks["canary/support/policy/order"]["state"] == "ok"
    note = checks["canary/support/policy/days"]["note"]
    assert (note["outcome"], note["broken"]["commit"]) == ("broken", broke)
    assert [one["passed"] for one in note["tried"]] == [False, False, True]
    assert "14 days" in note["broken"]["answer"]
    assert "30 days" in note["good"]["answer"]
    branch = note["revert"]["branch"]
    assert repo.git("show", f"{branch}:{POLICY}") == policy
    assert "this is a proposal" in repo.git("log", "-1", "--format=%B", branch)
    assert repo.git("ls-remote", "origin", f"refs/heads/{branch}").split()[0] == note["revert"]["commit"]
    (pull,) = host.pulls
    assert (pull["title"], pull["base"]["ref"]) == ("Revert local to where support/policy/days passes", "main")
    assert note["revert"]["pull_request"] == pull["number"]
    assert pull["body"].index("30 days") < pull["body"].index("14 days")
    assert broke in pull["body"]
    undone = pull["body"].partition("It undoes what these commits changed in documents:")[2]
    assert undone.index("Another change") < undone.index("Refunds within 14 days")

    again = moor(*patrolled)
    assert again.code == 1
    digest = note["broken"]["release"].removeprefix("sha256:")
    assert f"support/policy/days was broken by release {digest[:12]}" in again.out
    assert f"commit {broke}" in again.out
    assert "replaying" not in moor(*patrolled, "--bisect").out


def test_where_every_release_fails_the_world_outside_has_changed(repo: Repo, moor: Any) -> None:
    repo.edit("configs/resilience/standard.yaml", "deadlineSeconds: 120", "deadlineSeconds: 121")
    deployed(repo, moor, "Another change")
    assert moor("-C", repo.root, "simulate", "fault", "status", "--service", "shop").code == 0
    said = moor("-C", repo.root, "patrol", "local", "--bisect")
    assert said.code == 1
    assert (
        "support/policy/order fails at every release that was tried, 2 of them: the world outside has changed"
        in said.out
    )
    assert "git: branch" not in said.out
