"""The files of a commit, for as long as a preview needs them."""

import io
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mooring.catalog.source import commit_of, git
from mooring.errors import Refused
from mooring.outcome import Reason

BRANCHES = ("refs/heads", "refs/remotes/origin")
"""Where branches are that only people with write access can push to. A fork's pull request is in neither."""


def trusted(root: Path, ref: str) -> str:
    """The commit that `ref` names, on a branch of this repository: its tools run here.

    UsageError where git does not know it, Refused(GUARDED) where it is on no branch of ours.
    """
    commit = commit_of(root, ref)
    if not git(root, "for-each-ref", "--count=1", "--contains", commit, *BRANCHES):
        raise Refused(
            Reason.GUARDED,
            f"{ref} is on no branch of this repository, and a preview runs its tools on this machine",
            "have somebody with write access read it and push it as a branch",
        )
    return commit


@contextmanager
def files(root: Path, commit: str) -> Iterator[Path]:
    """A folder with the files of a commit, gone at the end. Raises UsageError with what git says."""
    with tempfile.TemporaryDirectory(prefix="moor-preview-") as folder:
        packed = git(root, "archive", "--format=tar", commit)
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        yield Path(folder)
