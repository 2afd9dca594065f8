"""Which commits may be previewed, and where their files are."""

from pathlib import Path

import pytest

from mooring.errors import Refused, UsageError
from mooring.operate.preview import tree
from tests.repository import Repo, copied


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """With a branch, a commit that a fork's pull request would bring, and files that differ."""
    repo = copied(tmp_path_factory.mktemp("previewed"))
    repo.git("switch", "-q", "-c", "ours")
    (repo.root / "prompts/new.txt").write_text("ours\n")
    repo.commit("ours")
    repo.git("switch", "-q", "--detach", "main")
    (repo.root / "prompts/new.txt").write_text("theirs\n")
    repo.commit("theirs")
    repo.git("update-ref", "refs/pull/7/head", "HEAD")
    repo.git("switch", "-q", "main")
    return repo


def test_a_branch_of_the_repository_is_trusted(repo: Repo) -> None:
    assert tree.trusted(repo.root, "ours") == repo.git("rev-parse", "ours").strip()


def test_what_a_branch_was_before_is_trusted_too(repo: Repo) -> None:
    assert tree.trusted(repo.root, "ours~1") == repo.git("rev-parse", "main").strip()


def test_a_forks_pull_request_is_refused_and_so_is_its_bare_commit(repo: Repo) -> None:
    for ref in ("refs/pull/7/head", repo.git("rev-parse", "refs/pull/7/head").strip()):
        with pytest.raises(Refused, match="no branch of this repository") as refused:
            tree.trusted(repo.root, ref)
        assert "write access" in refused.value.fix


@pytest.mark.parametrize("ref", ["nobody", "--help", "ours:configs", ""])
def test_what_is_no_commit_is_refused(repo: Repo, ref: str) -> None:
    with pytest.raises(UsageError):
        tree.trusted(repo.root, ref)


def test_the_files_are_those_of_the_commit_and_gone_at_the_end(repo: Repo) -> None:
    with tree.files(repo.root, tree.trusted(repo.root, "ours")) as files:
        assert (files / "prompts/new.txt").read_text() == "ours\n"
        assert not (files / ".git").exists()
        kept = Path(files)
    assert not kept.exists()
    assert not (repo.root / "prompts/new.txt").exists()
