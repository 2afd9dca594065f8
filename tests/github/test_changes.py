"""Whether code changed, told from real git histories."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / ".github/actions/changes/changes.py"
Git = Callable[..., None]


@pytest.fixture
def git(tmp_path: Path) -> Git:
    """In a clone with one prompt and one module on `main`, and the branch `topic` checked out."""

    def run(*arguments: str) -> None:
        who = ("-c", "user.name=test", "-c", "user.email=test@localhost")
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    run("init", "-q", "-b", "main")
    write(tmp_path / "prompts/greeting.yaml", "text: hello, this is long enough to be found again after a rename\n")
    write(tmp_path / "scripts/mooring/greet.py", "print('hello, this is long enough to be found again')\n")
    run("add", "-A")
    run("commit", "-q", "-m", "first")
    run("checkout", "-q", "-b", "topic")
    return run


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def code(folder: Path, base: str = "main") -> str:
    """What the step says, as GitHub reads it."""
    output = folder.parent / "output"
    output.write_text("")
    environ = {"PATH": "/usr/bin:/bin", "BASE": base, "GITHUB_OUTPUT": str(output)}
    subprocess.run([sys.executable, SCRIPT], cwd=folder, env=environ, check=True, capture_output=True)
    return output.read_text()


def test_a_changed_prompt_is_no_code(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "prompts/greeting.yaml", "text: good morning\n")
    write(tmp_path / "prompts/déjà vu\n.yaml", "text: again\n")
    git("add", "-A")
    git("commit", "-q", "-m", "content")
    assert code(tmp_path) == "code=false\n"


def test_a_changed_module_is_code_whatever_changed_beside_it(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "prompts/greeting.yaml", "text: good morning\n")
    write(tmp_path / "scripts/mooring/greet.py", "print('good morning')\n")
    git("commit", "-q", "-a", "-m", "both")
    assert code(tmp_path) == "code=true\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [("prompts/greeting.yaml", "tests/greeting.yaml"), ("scripts/mooring/greet.py", "prompts/greet.py")],
)
def test_a_file_that_moves_between_code_and_content_counts_on_both_sides(
    git: Git, tmp_path: Path, old: str, new: str
) -> None:
    (tmp_path / new).parent.mkdir(parents=True, exist_ok=True)
    git("mv", old, new)
    git("commit", "-q", "-m", "move")
    assert code(tmp_path) == "code=true\n"


def test_what_changed_on_the_base_meanwhile_is_not_counted(git: Git, tmp_path: Path) -> None:
    write(tmp_path / "prompts/greeting.yaml", "text: good morning\n")
    git("commit", "-q", "-a", "-m", "content")
    git("checkout", "-q", "main")
    write(tmp_path / "scripts/mooring/greet.py", "print('good morning')\n")
    git("commit", "-q", "-a", "-m", "code")
    git("checkout", "-q", "topic")
    assert code(tmp_path) == "code=false\n"


@pytest.mark.parametrize("base", ["main", "origin/nowhere", "", "--output=/dev/null"])
def test_changes_that_are_none_or_cannot_be_listed_count_as_code(git: Git, tmp_path: Path, base: str) -> None:
    if base != "main":
        write(tmp_path / "prompts/greeting.yaml", "text: good morning\n")
        git("commit", "-q", "-a", "-m", "content")
    assert code(tmp_path, base) == "code=true\n"


def test_histories_without_a_common_commit_count_as_code(git: Git, tmp_path: Path) -> None:
    git("checkout", "-q", "--orphan", "other")
    git("rm", "-rfq", "scripts")
    git("commit", "-q", "-m", "prompts only")
    assert code(tmp_path) == "code=true\n"
