"""Honest versions, in real git repositories."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.catalog.versions import bump, bumps, honest, raised
from mooring.errors import UsageError

BASE = Path(__file__).parents[1] / "examples" / "base"
PART = "prompts/shared/manners.yaml"


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *who, "-C", str(root), *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "--allow-empty", "-m", "x")


def edit(root: Path, old: str, new: str, file: str = PART) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))


def checks(root: Path, ref: str = "HEAD") -> list[str]:
    return [f"{finding.file}:{finding.line} {finding.check}" for finding in honest(root, ref, load(WorkTree(root))[0])]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = Path(shutil.copytree(BASE, tmp_path / "tree"))
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def test_a_tree_is_honest_against_itself(root: Path) -> None:
    assert checks(root) == []


def test_changed_content_under_the_same_version_is_found_until_it_is_raised(root: Path) -> None:
    edit(root, "Be kind.", "Be stern.")
    assert checks(root) == [f"{PART}:5 version-honest"]
    edit(root, "version: 1.0.0", "version: 1.1.0")
    assert checks(root) == []


def test_what_is_new_and_what_is_gone_is_honest(root: Path) -> None:
    shutil.copy(root / "configs/models/large.yaml", root / "configs/models/new.yaml")
    edit(root, "name: large", "name: new", "configs/models/new.yaml")
    (root / "configs/models/other.yaml").unlink()
    assert checks(root) == []


def test_a_revert_is_honest_and_something_else_under_that_version_is_not(root: Path) -> None:
    edit(root, "version: 1.0.0", "version: 1.0.1")
    edit(root, "Be kind.", "Be stern.")
    commit(root)
    git(root, "revert", "--no-commit", "HEAD")
    assert checks(root) == []
    edit(root, "Be kind.", "Be gone.")
    assert checks(root) == [f"{PART}:5 version-reused"]


def test_two_branches_that_raise_alike_are_found_by_the_one_that_comes_second(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "other")
    edit(root, "version: 1.0.0", "version: 1.0.1")
    edit(root, "Be kind.", "Be stern.")
    commit(root)
    git(root, "checkout", "-q", "main")
    edit(root, "version: 1.0.0", "version: 1.0.1")
    edit(root, "Be kind.", "Be quick.")
    assert checks(root) == []
    assert checks(root, "other") == [f"{PART}:5 version-honest"]
    assert [planned.after for planned in bumps(root, "other", [])] == ["1.0.2"]


def test_the_past_of_merged_branches_counts(root: Path) -> None:
    git(root, "checkout", "-q", "-b", "side")
    edit(root, "version: 1.0.0", "version: 1.0.1")
    edit(root, "Be kind.", "Be stern.")
    commit(root)
    edit(root, "version: 1.0.1", "version: 1.0.2")
    edit(root, "Be stern.", "Be quick.")
    commit(root)
    git(root, "checkout", "-q", "main")
    git(root, "merge", "-q", "--no-ff", "-m", "x", "side")
    edit(root, "version: 1.0.2", "version: 1.0.1")
    edit(root, "Be quick.", "Be late.")
    assert checks(root) == [f"{PART}:5 version-reused"]


def test_a_bump_edits_one_line_and_keeps_every_other_byte(root: Path) -> None:
    text = (root / PART).read_bytes().replace(b"\n", b"\r\n").replace(b"version: 1.0.0", b"version: 1.0.0  # soon more")
    (root / PART).write_bytes(text.replace(b"Be kind.", b"Be stern, in version: 1.0.0."))
    (root / PART).chmod(0o600)
    written = (root / PART).read_bytes()

    (done,) = bump(root, "HEAD", [])

    assert (done.kind, done.name, done.before, done.after) == ("PromptPart", "shared/manners", "1.0.0", "1.0.1")
    assert (root / PART).read_bytes() == written.replace(b"1.0.0  # soon", b"1.0.1  # soon")
    assert (root / PART).stat().st_mode & 0o777 == 0o600
    assert checks(root) == []
    assert bump(root, "HEAD", []) == []


def test_a_bump_never_takes_a_version_that_was_used(root: Path) -> None:
    for number in (1, 2, 3):
        edit(root, f"version: 1.0.{number - 1}", f"version: 1.0.{number}")
        edit(root, "kind", f"k{number}ind") if number == 0 else edit(root, "Be", "Be be")
        commit(root)
    git(root, "checkout", "-q", "HEAD~2", "--", PART)
    commit(root)
    edit(root, "Be", "Be not")
    assert [planned.after for planned in bump(root, "HEAD", [])] == ["1.0.4"]
    assert checks(root) == []


def test_named_documents_are_raised_without_git(tmp_path: Path) -> None:
    root = Path(shutil.copytree(BASE, tmp_path / "tree"))
    done = bump(root, None, ["Model/large", "desk/find", PART], "minor")
    assert [(planned.name, planned.after) for planned in done] == [
        ("large", "1.1.0"),
        ("desk/find", "1.1.0"),
        ("shared/manners", "1.1.0"),
    ]


@pytest.mark.parametrize(
    ("names", "ref", "message"),
    [
        (["clerk"], None, "several documents: Agent/clerk, Prompt/clerk"),
        (["Model/lrage"], None, "did you mean 'Model/large'"),
        ([], None, "bump what"),
        ([], "nowhere", "git knows no commit 'nowhere'"),
        (["large", "nothing"], "HEAD", "no valid document is called 'nothing'"),
    ],
)
def test_a_wrong_call_changes_nothing(root: Path, names: list[str], ref: str | None, message: str) -> None:
    edit(root, "Be kind.", "Be stern.")
    with pytest.raises(UsageError, match=message):
        bump(root, ref, names)
    assert "version: 1.0.0" in (root / PART).read_text()


def test_a_version_that_is_not_on_a_line_of_its_own_is_left_to_a_person(root: Path) -> None:
    whole = (root / PART).read_text().splitlines()
    (root / PART).write_text(f"{whole[0]}\n{{{', '.join(whole[1:7])}, text: Be stern.}}\n")
    with pytest.raises(UsageError, match="by hand"):
        bump(root, "HEAD", [])


def test_without_git_there_is_nothing_to_be_honest_against(tmp_path: Path) -> None:
    root = Path(shutil.copytree(BASE, tmp_path / "tree"))
    with pytest.raises(UsageError, match="not a git repository"):
        honest(root, "HEAD", load(WorkTree(root))[0])


@pytest.mark.parametrize(("part", "after"), [("major", "2.0.0"), ("minor", "1.3.0"), ("patch", "1.2.4")])
def test_a_part_is_raised_and_what_stands_after_it_starts_anew(part: str, after: str) -> None:
    assert raised("1.2.3", part) == after  # type: ignore[arg-type]
