"""Where documents come from: real folders and real git repositories."""

import os
import socket
import subprocess
import tracemalloc
from pathlib import Path

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import DENIED, NOT_PLAIN, TOO_LARGE, GitTree, WorkTree
from mooring.errors import UsageError


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, "-C", str(root), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    git(tmp_path, "init", "-q")
    for file in ("configs/a.yaml", "prompts/deep/über uns.yaml", "configs/c.yml", "configs/README.md", "other/d.yaml"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(file, encoding="utf-8")
    return tmp_path


def test_only_yaml_of_the_two_folders_is_read(root: Path) -> None:
    assert set(WorkTree(root).files()) == {"configs/a.yaml", "configs/c.yml", "prompts/deep/über uns.yaml"}


def test_missing_folders_hold_nothing(tmp_path: Path) -> None:
    assert WorkTree(tmp_path).files() == {}


def test_fifty_megabytes_are_never_in_memory(root: Path) -> None:
    with (root / "configs/a.yaml").open("wb") as file:
        file.truncate(50_000_000)
    tracemalloc.start()
    assert WorkTree(root).files()["configs/a.yaml"] is TOO_LARGE
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_what_is_no_plain_file_is_named_and_not_opened(root: Path) -> None:
    os.mkfifo(root / "configs/pipe.yaml")
    (root / "configs/away.yaml").symlink_to("/etc/passwd")
    (root / "configs/gone.yaml").symlink_to("nowhere")
    (root / "configs/folder").symlink_to(root / "prompts")
    files = WorkTree(root).files()
    assert {name for name, content in files.items() if content is NOT_PLAIN} == {
        "configs/pipe.yaml",
        "configs/away.yaml",
        "configs/gone.yaml",
        "configs/folder",
    }


def test_a_folder_of_documents_that_is_a_link_is_refused(root: Path, tmp_path: Path) -> None:
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "configs").symlink_to(root / "configs")
    assert WorkTree(linked).files() == {"configs": NOT_PLAIN}


def test_a_file_that_cannot_be_read_is_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    with socket.socket(socket.AF_UNIX) as unreadable:
        unreadable.bind("configs/s.yaml")
        assert WorkTree(root).files()["configs/s.yaml"] is DENIED


def test_a_commit_gives_what_the_work_tree_had(root: Path) -> None:
    (root / "configs/big.yaml").write_bytes(b"#" * 300_000)
    (root / "configs/link.yaml").symlink_to("a.yaml")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    there = WorkTree(root).files()
    (root / "configs/a.yaml").write_text("changed")
    assert GitTree(root, "HEAD").files() == there
    assert there["configs/big.yaml"] is TOO_LARGE
    assert there["configs/link.yaml"] is NOT_PLAIN


def test_a_repository_may_lie_below_the_top_of_git(root: Path) -> None:
    below = root / "other"
    (below / "configs").mkdir()
    (below / "configs/e.yaml").write_text("e")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    assert GitTree(below, "HEAD").files() == {"configs/e.yaml": b"e"}


def test_an_unknown_commit_is_a_wrong_call(root: Path) -> None:
    for ref in ("nowhere", "--help", "HEAD"):
        with pytest.raises(UsageError, match="git knows no commit"):
            GitTree(root, ref)


def test_a_folder_without_git_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="not a git repository"):
        GitTree(tmp_path, "HEAD")


def test_bad_files_of_both_sources_become_findings(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "x")
    _, found = load(GitTree(root, "HEAD"))
    _, same = load(WorkTree(root))
    assert found == same
    assert {finding.file for finding in found} == set(WorkTree(root).files())
