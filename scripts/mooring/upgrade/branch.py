"""Trees, commits and the branch of an upgrade, made without touching anybody's checkout, index or hooks."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.upgrade.files import RECORD, Blob, Tree
from mooring.upgrade.git import Git, GitError
from mooring.upgrade.record import Record
from mooring.upgrade.template import Version

TRAILER = "Mooring-Upgrade"
"""The last line of an upgrade's commit: by it a later run knows that a branch is its own."""
PREFIX = "mooring-upgrade-"
FAILING = "-failing"
"""The end of the name of a branch whose tests failed: it is to be looked at, not to be merged."""


def write_tree(git: Git, files: Tree, record: Record) -> str:
    """The hash of a tree with these files and the record."""
    sha = git.run("hash-object", "-w", "--stdin", stdin=record.text().encode()).decode().strip()
    listed = {**files, RECORD: Blob("100644", sha)}
    lines = "".join(f"{blob.mode} {blob.sha}\t{path}\0" for path, blob in listed.items())
    with tempfile.TemporaryDirectory(prefix="moor-") as folder:
        environ = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git.run("update-index", "-z", "--index-info", stdin=lines.encode("utf-8", "surrogateescape"), environ=environ)
        return git.text("write-tree", environ=environ)


def commit(git: Git, tree: str, parent: str, message: str) -> str:
    """The hash of a new commit that no branch has yet."""
    return (
        git.run(
            "commit-tree", tree, "-p", parent, stdin=message.encode("utf-8", "surrogateescape"), environ=_author(git)
        )
        .decode()
        .strip()
    )


def message(now: Version, to: Version, address: str, notes: list[str]) -> str:
    """The message of the upgrade's commit; `address` is "" for a place that means nothing on another machine."""
    lines = [f"Mooring {now.label} -> {to.label}", "", f"From {address or 'a copy of the template on disk'}"]
    if notes:
        lines += ["", *notes]
    return "\n".join([*lines, "", f"{TRAILER}: {now.commit} {to.commit}", ""])


def _author(git: Git) -> Mapping[str, str]:
    """The committer that git has configured, else ours."""
    if git.attempt("var", "GIT_COMMITTER_IDENT").returncode == 0:
        return {}
    names = {f"GIT_{role}_NAME": "mooring" for role in ("AUTHOR", "COMMITTER")}
    return names | {f"GIT_{role}_EMAIL": "mooring@localhost" for role in ("AUTHOR", "COMMITTER")}


def name(to: Version) -> str:
    return f"{PREFIX}{to.label}"


Tips = dict[str, str]
"""Commits by branch."""


def check_free(git: Git, branch: str) -> Tips:
    """The upgrade's earlier branches of this name, which may be replaced. Raises Refused for one that is not an
    upgrade's alone, or is checked out somewhere."""
    found: Tips = {}
    for each in (branch, branch + FAILING):
        tip = git.commit(f"refs/heads/{each}")
        if tip is None:
            continue
        found[each] = tip
        if TRAILER not in git.text("log", "-1", "--format=%(trailers:only)", tip):
            fix = f"git branch -m {each} {each}-mine"
            raise Refused(Reason.GUARDED, f"branch {each} holds commits that are no upgrade's; it is kept", fix)
        if f"branch refs/heads/{each}" in git.text("worktree", "list", "--porcelain").splitlines():
            raise Refused(Reason.GUARDED, f"branch {each} is checked out", "git switch -, then upgrade again")
    return found


def publish(git: Git, branch: str, tip: str, earlier: Tips, *, passed: bool) -> str:
    """Makes the branch, as the last thing of all, in the place of the `earlier` ones. Its name.

    Raises Failed when one of them has moved meanwhile, which may be somebody's work.
    """
    made = branch if passed else branch + FAILING
    lines = [f"update refs/heads/{made} {tip} {earlier.get(made, '0' * len(tip))}"]
    lines += [f"delete refs/heads/{other} {old}" for other, old in earlier.items() if other != made]
    try:
        git.run("update-ref", "--stdin", stdin=("\n".join(lines) + "\n").encode())
    except GitError as error:
        raise Failed(Reason.STORAGE, f"branch {made} cannot be made: {error}") from None
    return made


def uncommitted(git: Git) -> list[str]:
    """Files that differ from HEAD in the checkout, new ones that git does not ignore too."""
    options = ("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    entries = os.fsdecode(git.run("status", *options)).split("\0")
    return sorted(entry[3:] for entry in entries if entry)
