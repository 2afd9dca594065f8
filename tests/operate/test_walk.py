"""A release from its pull request to its rollback: from the ledger, git, the evidence and the host."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mooring.commands.running import ledger
from mooring.commands.workspace import Workspace
from mooring.main import main
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Accounted
from mooring.rollout.state import Kind, Phase, Requested, Side, State, Stumbled, Switched
from tests.operate.repository.merged import Merged
from tests.operate.repository.standin import Answer, Query
from tests.repository import Repo, copied, surrounded

GOOD, BAD = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
BRANCH = f"mooring/revert-{'b' * 12}"


class Host(Merged):
    def answer(self, method: str, path: list[str], query: Query, sent: dict[str, Any]) -> Answer:
        if (method, path) == ("GET", ["pulls"]):
            assert query["head"] == [f"acme:{BRANCH}"]
            url = "https://github.com/acme/agents/pull/8"
            return 200, [{"number": 8, "state": "open", "head": {"ref": BRANCH}, "html_url": url}]
        return super().answer(method, path, query, sent)


@dataclass
class Place:
    repo: Repo
    commit: str

    def moor(self, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
        capsys.readouterr()
        code = main(["-C", str(self.repo.root), *words])
        return code, capsys.readouterr().out


def write(book: Ledger, actor: str, *steps: tuple[Any, State]) -> None:
    held = lease.acquire(book, "local", actor, "deploy")
    for event, state in steps:
        book.append("local", held.token, actor, event, state)
    lease.release(book, held)


@pytest.fixture
def place(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """GOOD went out, then BAD of the merged pull request 7, which was taken back while it was watched."""
    with surrounded():
        for name in ("MOORING_HOME", "MOORING_STATE", "GITHUB_REPOSITORY", "GH_TOKEN", "GITHUB_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        repo = copied(tmp_path)
        repo.git("commit", "-q", "--allow-empty", "-m", "Merge pull request #7 from acme/faster")
        commit = repo.git("rev-parse", "HEAD").strip()
        blue, green = Side("blue", GOOD), Side("green", BAD)
        rolling = State(phase=Phase.STAGING, kind=Kind.DEPLOY, live=blue, origin=blue, target=green, trail=(GOOD,))
        gone: dict[str, Any] = {"quarantined": BAD, "verdict": Reason.BAKE_FAILED, "detail": "2 of 20 requests failed"}
        asked = Requested(2, Kind.DEPLOY, BAD, commit=commit, plan=f"sha256:{'9' * 64}", approved=("carol@slack",))
        with ledger(Workspace(repo.root, repo.root / ".mooring"), "local") as book:
            write(book, "ann", (Requested(1, Kind.DEPLOY, GOOD), State(live=blue, trail=(GOOD,))))
            write(
                book,
                "bob",
                (asked, rolling),
                (Switched(3, 0.5), rolling.change(phase=Phase.BAKING, live=green)),
                (Stumbled(4, Reason.BAKE_FAILED, "x"), rolling.change(phase=Phase.REVERTING, live=green, **gone)),
                (Switched(5, 0.4), State(live=blue, trail=(GOOD,), **gone)),
                (Accounted(6, 20, 18, 2, 0, 0, 0, 3.5, 0.5), State(live=blue, trail=(GOOD,), **gone)),
            )
        yield Place(repo, commit)


def test_it_is_walked_from_ledger_and_git_alone(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = place.moor(capsys, "why", "sha256:bbbb")
    assert code == 0
    said = {line[:13].strip(): line[14:] for line in out.splitlines()[1:]}
    assert "was taken back at 1970-01-01T00:00:04Z (2 of 20 requests failed)" in out.splitlines()[0]
    assert said["pull request"] == "#7"
    assert said["commit"].startswith(f"{place.commit[:12]} Merge pull request #7")
    assert said["evidence"] == "none is kept about this release"
    assert (said["plan"], said["approved"]) == ("9" * 12, "carol@slack")
    assert "by bob: taken-back, switched in 0.50 ms: bake-failed: 2 of 20" in said["deploy"]
    assert said["requests"] == "0 of 20 requests lost, 2 failed"


def test_with_a_token_the_host_tells_who_approved_which_plan_and_how_the_revert_is(
    place: Place, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Host().serving() as host:
        host.merge(7, "c0ffee" + "0" * 34, place.commit)
        host.review(7, "dan", "APPROVED")
        for name, value in host.environ.items():
            monkeypatch.setenv(name, value)
        code, out = place.moor(capsys, "--json", "why", "bbbb", "local")
        found = json.loads(out)
        assert code == 0
        pull = found["pull_request"]
        assert (pull["number"], pull["title"], pull["author"], pull["approved_by"]) == (7, "Change 7", "ann", ["dan"])
        assert found["revert"] == [{"number": 8, "state": "open", "url": "https://github.com/acme/agents/pull/8"}]
        host.trouble = [401]
        assert "not asked     GitHub refused a GET: HTTP 401" in place.moor(capsys, "why", "bbbb")[1]


def test_what_was_never_deployed_is_said(place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = place.moor(capsys, "--json", "why", "sha256:cccc")
    assert (code, "no release sha256:cccc was deployed" in json.loads(out)["message"]) == (2, True)
    code, out = place.moor(capsys, "--json", "why", "sha256:")
    assert "several releases begin with sha256:" in json.loads(out)["message"]
