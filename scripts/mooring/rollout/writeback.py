"""Writes a rollback back to git: a branch whose documents are those of the restored release.

Uses git plumbing with a private index: work tree, index and current branch stay as they are.
"""

import os
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.ledger import Ledger

TREE = "Mooring-Tree"
"""The trailer by which a commit says what it held when it was made here."""

PREFIX = "mooring/revert-"
"""How branches with a revert begin."""

DOCUMENTS = ("configs", "prompts", "evals")
"""The folders a release is made of."""


@dataclass(frozen=True, slots=True)
class WrittenBack:
    """`branch` and `commit` hold the revert; or `reason` says in a sentence why there is none.

    `same` says that none is needed: git has what runs already.
    """

    branch: str | None = None
    commit: str | None = None
    reason: str = ""
    same: bool = False

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


class _GitError(Exception):
    """A git command failed; the argument is its message."""


SENT = "Traffic was sent back already; this brings git to what runs."


def write_back(
    root: Path, ledger: Ledger, environment: str, restored: str, refused: str, why: str, sent: str = SENT
) -> WrittenBack:
    """A branch `mooring/revert-<12 hex>` on top of HEAD that takes the documents of `refused` back to `restored`.

    Both are digests; the hex is the refused one's. `sent` says what became of the traffic. Never raises a git error:
    the rollback has already happened.
    """
    good = ledger.commit_of(environment, restored)
    if good is None:
        return WrittenBack(reason=f"no commit is recorded for {restored}")
    try:
        return _write(root, good, _message(ledger, environment, restored, refused, good, f"{why}\n\n{sent}"), refused)
    except (_GitError, OSError) as error:
        return WrittenBack(reason=f"git could not be told: {error}")


def branch_of(refused: str) -> str:
    """The branch that reverts a release."""
    return f"{PREFIX}{refused.removeprefix('sha256:')[:12]}"


def undone(root: Path, good: str, revert: str) -> list[str]:
    """The commits since `good` whose changes to documents `revert` undoes, the newest first: `<12 hex> <subject>`.

    Raises Failed(PROCESS) where git cannot tell, such as in a clone without all of the history.
    """
    try:
        found = _git(root, "log", "--format=%h %s", "--abbrev=12", f"{good}..{revert}^", "--", *DOCUMENTS)
    except (_GitError, OSError) as error:
        raise Failed(Reason.PROCESS, f"git does not say what is undone: {error}") from None
    return found.splitlines()


def _write(root: Path, good: str, message: str, refused: str) -> WrittenBack:
    head = _git(root, "rev-parse", "--verify", "HEAD^{commit}")
    _git(root, "rev-parse", "--verify", f"{good}^{{commit}}")
    tree = _tree(root, head, good)
    if tree == _git(root, "rev-parse", f"{head}^{{tree}}"):
        return WrittenBack(reason=f"the documents at HEAD are those of {good[:12]} already", same=True)
    message += f"{TREE}: {tree}\n"
    commit = _git(root, "commit-tree", tree, "-p", head, "-m", message, environ=_author(root))
    branch = branch_of(refused)
    _git(root, "update-ref", f"refs/heads/{branch}", commit)
    return WrittenBack(branch, commit)


def _tree(root: Path, head: str, good: str) -> str:
    """The tree of `head` with the documents of `good`."""
    with tempfile.TemporaryDirectory() as folder:
        environ = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(root, "read-tree", head, environ=environ)
        now = _git(root, "ls-files", "-z", "--", *DOCUMENTS, environ=environ)
        _git(root, "update-index", "-z", "--force-remove", "--stdin", environ=environ, data=now)
        then = _git(root, "ls-tree", "-r", "-z", "--full-tree", good, "--", *DOCUMENTS)
        _git(root, "update-index", "-z", "--index-info", environ=environ, data=then)
        return _git(root, "write-tree", environ=environ)


def _message(ledger: Ledger, environment: str, restored: str, refused: str, good: str, why: str) -> str:
    newest = ledger.entries(1, environment)[0]
    return (
        f"Revert {environment} to the release of {good[:12]}\n\n"
        f"{why}\n\n"
        f"Mooring-Environment: {environment}\n"
        f"Mooring-Restored: {restored}\n"
        f"Mooring-Refused: {refused}\n"
        f"Mooring-Ledger: {newest.seq} {newest.hash}\n"
    )


def _author(root: Path) -> Mapping[str, str]:
    """The committer that git has configured, else ours."""
    try:
        _git(root, "var", "GIT_COMMITTER_IDENT")
        return {}
    except _GitError:
        names = {f"GIT_{role}_NAME": "mooring" for role in ("AUTHOR", "COMMITTER")}
        return names | {f"GIT_{role}_EMAIL": "mooring@localhost" for role in ("AUTHOR", "COMMITTER")}


def _git(root: Path, *arguments: str, environ: Mapping[str, str] | None = None, data: str = "") -> str:
    """Runs git and returns what it prints, without the final newline."""
    done = subprocess.run(
        ["git", "-C", str(root), *arguments],
        env={**os.environ, **(environ or {})},
        input=data,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise _GitError(done.stderr.strip().splitlines()[0] if done.stderr.strip() else f"git {arguments[0]} failed")
    return done.stdout.strip("\n")
