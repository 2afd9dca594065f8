"""The work tree of an upgrade, inside the git folder: one at a time, and none is left over for long."""

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.upgrade.git import Git, GitError
from mooring.upgrade.template import forget

FOLDER = "mooring-upgrade"


@contextmanager
def sole(git: Git) -> Iterator[Path]:
    """Holds the lock of this repository's upgrades and yields the folder for work trees, which is empty.

    What an upgrade that was killed has left there is removed first. Raises Refused when another one is at work.
    """
    folder = Path(git.text("rev-parse", "--path-format=absolute", "--git-common-dir")) / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        lock = (folder / "lock").open("a")
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(Reason.LOCKED, "another upgrade of this repository is at work", "wait for its end") from None
        clear(git, folder)
        try:
            yield folder
        finally:
            clear(git, folder)


def clear(git: Git, folder: Path) -> None:
    """Removes every work tree in the folder, and what git knows of them; work trees elsewhere are none of ours."""
    for left in folder.glob("tree-*"):
        shutil.rmtree(left, ignore_errors=True)
    for line in git.text("worktree", "list", "--porcelain").splitlines():
        place = Path(line.removeprefix("worktree "))
        if line.startswith("worktree ") and place.parent.resolve() == folder.resolve():
            git.attempt("worktree", "remove", "--force", "--force", str(place))  # twice: killed early, it is locked


@contextmanager
def work_tree(git: Git, folder: Path, commit: str) -> Iterator[Git]:
    """A checkout of a commit on no branch. It borrows the Python environment, which is used when the locks fit."""
    place = Path(tempfile.mkdtemp(prefix="tree-", dir=folder))
    try:
        git.run("worktree", "add", "--quiet", "--detach", "--force", str(place), commit)
    except GitError as error:
        raise Failed(Reason.STORAGE, f"no work tree can be made: {error}") from None
    environment = git.root / ".venv"
    if environment.is_dir() and not (place / ".venv").exists():
        (place / ".venv").symlink_to(environment.resolve())
    yield Git(place)


def forget_fetched(git: Git, *, keep: bool) -> None:
    """Removes fetched refs also where the upgrade ended early; never raises."""
    try:
        forget(git, keep=keep)
    except GitError:
        return
