"""The files of a commit, for as long as a preview needs them."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mooring.catalog.source import commit_of
from mooring.errors import Failed, Refused
from mooring.outcome import Reason

BRANCHES = ("refs/heads", "refs/remotes/origin")
"""Where branches are that only people with write access can push to. A fork's pull request is in neither."""


def trusted(root: Path, ref: str) -> str:
    """The commit that `ref` names, on a branch of this repository: its tools run here.

    UsageError where git does not know it, Refused(GUARDED) where it is on no branch of ours.
    """
    commit = commit_of(root, ref)
    if not _git(root, "for-each-ref", "--count=1", "--contains", commit, *BRANCHES):
        raise Refused(
            Reason.GUARDED,
            f"{ref} is on no branch of this repository, and a preview runs its tools on this machine",
            "have somebody with write access read it and push it as a branch",
        )
    return commit


@contextmanager
def files(root: Path, commit: str) -> Iterator[Path]:
    """A folder with the files of a commit, gone at the end. Raises Failed(PROCESS)."""
    with tempfile.TemporaryDirectory(prefix="moor-preview-") as folder:
        packed = _git(root, "archive", "--format=tar", commit)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)


def _git(root: Path, *arguments: str) -> bytes:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Failed(Reason.PROCESS, f"git {arguments[0]}: {lines[-1] if lines else 'failed'}")
    return done.stdout
