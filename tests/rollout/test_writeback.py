"""After a rollback git knows, and nobody's work tree has changed."""

import subprocess
from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Requested, State
from mooring.rollout.writeback import undone, write_back

GOOD, BAD = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", repository, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path, ledger: Ledger) -> Path:
    """Two commits, each deployed: the second changed a prompt, added one and removed one."""
    root = tmp_path / "shop"
    git(tmp_path, "init", "-q", "-b", "main", str(root))
    git(root, "config", "user.name", "Release Bot")
    git(root, "config", "user.email", "bot@tidewater.example")
    for name, text in (("prompts/a.yaml", "good"), ("configs/gone.yaml", "x"), ("README.md", "one")):
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text)
    commit(root, ledger, "one", GOOD)
    (root / "prompts/a.yaml").write_text("bad")
    (root / "prompts/new.yaml").write_text("new")
    (root / "configs/gone.yaml").unlink()
    (root / "README.md").write_text("two")
    commit(root, ledger, "two", BAD)
    return root


def commit(root: Path, ledger: Ledger, message: str, digest: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    event = Requested(1, Kind.DEPLOY, digest, commit=git(root, "rev-parse", "HEAD"))
    ledger.append("local", 1, "ann", event, State())


def test_the_branch_has_the_documents_that_run_and_everything_else_of_head(repository: Path, ledger: Ledger) -> None:
    (repository / "prompts/a.yaml").write_text("being edited")
    written = write_back(repository, ledger, "local", GOOD, BAD, "Answers were wrong.")
    assert written.branch == "mooring/revert-" + "b" * 12
    assert git(repository, "show", f"{written.branch}:prompts/a.yaml") == "good"
    assert git(repository, "show", f"{written.branch}:README.md") == "two"
    assert git(repository, "diff", "--name-only", "main~1", written.branch) == "README.md"
    assert git(repository, "rev-parse", f"{written.branch}~1") == git(repository, "rev-parse", "main")
    assert git(repository, "status", "--porcelain") == "M prompts/a.yaml"
    assert git(repository, "branch", "--show-current") == "main"


def test_commits_whose_changes_it_undoes_are_named(repository: Path, ledger: Ledger) -> None:
    for path in ("prompts/later.yaml", "README.md"):
        (repository / path).write_text("later")
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", f"Change {path}")
    written = write_back(repository, ledger, "local", GOOD, BAD, "Answers were wrong.")
    good = git(repository, "rev-parse", "main~3")
    said = undone(repository, good, str(written.commit))
    assert [line.partition(" ")[2] for line in said] == ["Change prompts/later.yaml", "two"]
    assert said[0].split()[0] == git(repository, "rev-parse", "--short=12", "main~1")
    with pytest.raises(Failed, match="git does not say what is undone"):
        undone(repository, "f" * 40, str(written.commit))


def test_its_message_says_why_and_anchors_the_ledger(repository: Path, ledger: Ledger) -> None:
    written = write_back(repository, ledger, "local", GOOD, BAD, "Answers were wrong.")
    message = git(repository, "log", "-1", "--format=%an%n%B", str(written.branch))
    head = ledger.entries(1)[0]
    assert message.startswith("Release Bot\nRevert local to the release of ")
    assert "Answers were wrong." in message
    assert f"Mooring-Ledger: {head.seq} {head.hash}" in message


def test_a_machine_without_a_git_identity_writes_as_mooring(
    repository: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "config", "--unset", "user.name")
    git(repository, "config", "--unset", "user.email")
    git(repository, "config", "user.useConfigOnly", "true")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    written = write_back(repository, ledger, "local", GOOD, BAD, "why")
    assert git(repository, "log", "-1", "--format=%an <%ae>", str(written.branch)) == "mooring <mooring@localhost>"


def test_there_is_no_branch_when_git_says_the_same_already(repository: Path, ledger: Ledger) -> None:
    git(repository, "revert", "--no-edit", "HEAD")
    assert write_back(repository, ledger, "local", GOOD, BAD, "why").reason.startswith(
        "the documents at HEAD are those"
    )


def test_there_is_no_branch_without_a_recorded_commit(repository: Path, ledger: Ledger) -> None:
    unknown = "sha256:" + "c" * 64
    assert write_back(repository, ledger, "local", unknown, BAD, "why").reason == f"no commit is recorded for {unknown}"


def test_a_folder_without_git_is_a_reason_and_no_error(tmp_path: Path, repository: Path, ledger: Ledger) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    written = write_back(elsewhere, ledger, "local", GOOD, BAD, "why")
    assert written.branch is None
    assert written.reason.startswith("git could not be told: fatal: not a git repository")
