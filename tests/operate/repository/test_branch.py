"""A branch that is kept: written once, moved when it is news, and never over what somebody else pushed."""

from pathlib import Path

import pytest

from mooring.errors import Failed, Refused
from mooring.operate.repository.branch import drop, keep
from mooring.outcome import Reason
from tests.repository import Repo, copied

BRANCH = "mooring/adopt-local"
FILE = "configs/agents/support.yaml"


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """With a remote that is a bare repository."""
    made = copied(tmp_path)
    made.git("clone", "-q", "--bare", str(made.root), str(tmp_path / "remote.git"))
    made.git("remote", "add", "origin", str(tmp_path / "remote.git"))
    return made


def head(repo: Repo, name: str = "HEAD") -> str:
    return repo.git("rev-parse", name).strip()


def at_remote(repo: Repo) -> str:
    return repo.git("ls-remote", "origin", f"refs/heads/{BRANCH}").split("\t")[0]


def test_one_commit_is_made_and_pushed_and_nothing_else_is_touched(repo: Repo) -> None:
    made = keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value\n\nWhy.")
    assert (made.changed, made.pushed, at_remote(repo), head(repo, BRANCH)) == (True, True, made.commit, made.commit)
    assert repo.git("show", f"{BRANCH}:{FILE}") == "text\n"
    assert repo.git("diff", "--name-only", "HEAD", BRANCH) == f"{FILE}\n"
    assert head(repo, f"{BRANCH}^") == head(repo)
    assert (repo.git("status", "--porcelain"), repo.git("branch", "--show-current")) == ("", "main\n")


def test_the_same_again_is_no_news_also_when_the_main_branch_moved_on(repo: Repo) -> None:
    made = keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    (repo.root / "NOTES.md").write_text("more\n")
    repo.commit("more")
    again = keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    assert (again.changed, again.commit) == (False, made.commit)


def test_another_text_replaces_the_commit(repo: Repo) -> None:
    first = keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    second = keep(repo.root, BRANCH, head(repo), {FILE: "other\n"}, "Adopt 2 values")
    assert second.changed
    assert second.commit != first.commit
    assert (at_remote(repo), head(repo, f"{BRANCH}^")) == (second.commit, head(repo))


@pytest.mark.parametrize("amend", [True, False])
def test_a_branch_that_somebody_pushed_to_is_left_alone(repo: Repo, tmp_path: Path, amend: bool) -> None:
    keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    repo.git("clone", "-q", "-b", BRANCH, str(tmp_path / "remote.git"), str(tmp_path / "theirs"))
    theirs = Repo(tmp_path / "theirs")
    (theirs.root / FILE).write_text("theirs\n")
    theirs.git("commit", "-q", "-a", *(("--amend", "--no-edit") if amend else ("-m", "mine")))
    theirs.git("push", "-q", "--force", "origin", BRANCH)
    pushed = at_remote(repo)
    with pytest.raises(Refused, match="somebody else committed") as refused:
        keep(repo.root, BRANCH, head(repo), {FILE: "other\n"}, "Adopt 1 value")
    assert refused.value.reason is Reason.CONFLICTS
    assert drop(repo.root, BRANCH) is False
    assert at_remote(repo) == pushed


def test_a_commit_of_somebody_here_is_left_alone_too(repo: Repo) -> None:
    repo.git("branch", BRANCH)
    with pytest.raises(Refused, match=r"somebody else committed to \S+ here"):
        keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")


def test_what_is_no_longer_needed_goes_everywhere(repo: Repo) -> None:
    keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    assert drop(repo.root, BRANCH) is True
    assert at_remote(repo) == ""
    assert repo.git("branch", "--list", BRANCH) == ""
    assert drop(repo.root, BRANCH) is False


def test_without_a_remote_the_branch_is_here_alone(tmp_path: Path) -> None:
    alone = copied(tmp_path)
    made = keep(alone.root, BRANCH, head(alone), {FILE: "text\n"}, "Adopt 1 value")
    assert (made.changed, made.pushed) == (True, False)


def test_a_remote_that_is_gone_is_said_in_a_line(repo: Repo) -> None:
    repo.git("remote", "set-url", "origin", str(repo.root / "nowhere.git"))
    with pytest.raises(Failed, match="git ls-remote") as failed:
        keep(repo.root, BRANCH, head(repo), {FILE: "text\n"}, "Adopt 1 value")
    assert failed.value.reason is Reason.PROCESS
