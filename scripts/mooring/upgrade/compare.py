"""Compares the version that a copy came from, the new version and the copy, file by file."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mooring.upgrade.files import GENERATED, YOURS_ONCE_CHANGED, Blob, Tree, is_lock, is_product
from mooring.upgrade.git import Git


class What(StrEnum):
    """What becomes of a product file."""

    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MERGED = "merged"
    """Both changed it, in different lines."""
    KEPT = "kept"
    """Yours: only you changed it, or it is a file that a team makes its own."""
    CONFLICT = "conflict"
    """Both changed it, and nobody can tell what is meant; yours stays."""


@dataclass(frozen=True, slots=True)
class Change:
    """One product file; `blob` is what the upgraded tree has there, None for no file; `why` is for people."""

    path: str
    what: What
    blob: Blob | None
    why: str = ""


def compare(git: Git, base: Tree, new: Tree, yours: Tree) -> list[Change]:
    """Every product file that the new version changes, or that you did, by path."""
    paths = sorted(path for path in base.keys() | new.keys() if is_product(path))
    found = [change for path in paths if (change := _one(git, path, base.get(path), new.get(path), yours.get(path)))]
    return list(_fitting(found, yours))


def _one(git: Git, path: str, base: Blob | None, new: Blob | None, yours: Blob | None) -> Change | None:
    """What becomes of one path; None when it is as it was everywhere."""
    if yours == new:
        return None
    if yours == base or path.startswith(GENERATED):
        what = What.REMOVED if new is None else What.ADDED if yours is None else What.CHANGED
        return Change(path, what, new)
    if new == base:
        why = "you deleted it" if yours is None else "you changed it"
        return Change(path, What.KEPT, yours, why)
    if path in YOURS_ONCE_CHANGED:
        return Change(path, What.KEPT, yours, "yours, and the new version has another")
    return _both(git, path, base, new, yours)


def _both(git: Git, path: str, base: Blob | None, new: Blob | None, yours: Blob | None) -> Change:
    """A path that both have changed since `base`, differently."""

    def conflict(why: str) -> Change:
        return Change(path, What.CONFLICT, yours, why)

    if yours is None:
        return conflict("you deleted it, the new version changed it")
    if new is None:
        return conflict("you changed it, the new version has it no more")
    if base is None:
        return conflict("you and the new version added it, each in its own way")
    if is_lock(path):
        return conflict("both changed this lock: take the new one, and generate it again for what you added")
    if not (base.regular and new.regular and yours.regular):
        return conflict("both changed it, and one of them made it a link or a folder")
    mode = new.mode if yours.mode == base.mode else yours.mode
    if base.sha in (new.sha, yours.sha):
        return Change(path, What.MERGED, Blob(mode, yours.sha if base.sha == new.sha else new.sha))
    lines, sha = merge(git, base.sha, new.sha, yours.sha)
    if sha is None:
        return conflict(lines)
    return Change(path, What.MERGED, Blob(mode, sha), "your changes and the new version's, in different lines")


def merge(git: Git, base: str, new: str, yours: str) -> tuple[str, str | None]:
    """(why there is none, the blob of both changes together)."""
    with tempfile.TemporaryDirectory(prefix="moor-") as folder:
        names = []
        for name, sha in (("yours", yours), ("base", base), ("new", new)):
            file = Path(folder) / name
            file.write_bytes(git.run("cat-file", "blob", sha))
            names.append(str(file))
        done = git.attempt("merge-file", "-p", "-q", *names)
        if done.returncode == 0:
            return "", git.run("hash-object", "-w", "--stdin", stdin=done.stdout).decode().strip()
    if done.returncode < 128:
        places = "the same lines" if done.returncode == 1 else f"the same lines in {done.returncode} places"
        return f"both changed {places}", None
    return "both changed it, and it is no text", None


def _fitting(changes: list[Change], yours: Tree) -> Iterator[Change]:
    """New files that would need a folder where you have a file, or the other way round, are conflicts."""
    gone = {change.path for change in changes if change.blob is None}
    files = {path for path in yours if path not in gone}
    folders = {folder for path in files for folder in above(path)}
    for change in changes:
        if change.what == What.ADDED and (change.path in folders or files.intersection(above(change.path))):
            why = "the new version adds it where you have a folder or a file of that name"
            yield Change(change.path, What.CONFLICT, None, why)
        else:
            yield change


def above(path: str) -> list[str]:
    """The folders of a path, outermost first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[: at + 1]) for at in range(len(parts))]


def apply(yours: Tree, changes: list[Change]) -> Tree:
    """The files of the copy with the changes made."""
    result = dict(yours)
    for change in changes:
        if change.blob is None:
            result.pop(change.path, None)
        else:
            result[change.path] = change.blob
    return result
