"""Where documents come from: the work tree, or a commit of git. Nothing is read beyond the size limit."""

import os
import stat
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol

from mooring.errors import UsageError
from mooring.finding import Finding

FOLDERS = ("configs", "prompts", "evals/suites", "evals/drills")
SUFFIXES = (".yaml", ".yml")
CODE = "scripts/tools"
"""Where a team's Python tools are; the package `tools`."""
HISTORIES = "evals/drills"
"""Where the CSV files are with a team's own incidents."""
MAX_BYTES = 256 * 1024
"""The largest document."""


class Unreadable(str):
    """Stands for a file that was not read; its text says why."""

    __slots__ = ()


TOO_LARGE = Unreadable(f"is larger than {MAX_BYTES // 1024} KiB")
NOT_PLAIN = Unreadable("is a link or a special file; documents are plain files")
DENIED = Unreadable("cannot be read")


def unreadable(file: str, why: Unreadable) -> Finding:
    """That a file was not read."""
    return Finding(file, 0, "", str(why), "file-size" if why == TOO_LARGE else "plain-file")


class Source(Protocol):
    """A set of files. `label` names it in messages."""

    @property
    def label(self) -> str: ...

    def files(self) -> Mapping[str, bytes | Unreadable]:
        """Content of every .yaml and .yml file of FOLDERS, by POSIX path relative to the root."""
        ...

    def code(self) -> dict[str, bytes | Unreadable]:
        """Content of every .py file of scripts/tools/, likewise."""
        ...

    def histories(self) -> dict[str, bytes | Unreadable]:
        """Content of every .csv file of evals/drills/, likewise."""
        ...


class WorkTree:
    """The files as they are on disk, committed or not."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.label = str(root)

    def files(self) -> dict[str, bytes | Unreadable]:
        return {path: _read(self.root / path) for folder in FOLDERS for path in _walk(self.root, folder, SUFFIXES)}

    def code(self) -> dict[str, bytes | Unreadable]:
        return {path: _read(self.root / path) for path in _walk(self.root, CODE, (".py",))}

    def histories(self) -> dict[str, bytes | Unreadable]:
        return {path: _read(self.root / path) for path in _walk(self.root, HISTORIES, (".csv",))}


class Below(WorkTree):
    """Only the documents below some folders, and no code: for what needs no more, and is in a hurry."""

    def __init__(self, root: Path, *folders: str) -> None:
        super().__init__(root)
        self._folders = folders

    def files(self) -> dict[str, bytes | Unreadable]:
        return {
            path: _read(self.root / path) for folder in self._folders for path in _walk(self.root, folder, SUFFIXES)
        }

    def code(self) -> dict[str, bytes | Unreadable]:
        return {}

    def histories(self) -> dict[str, bytes | Unreadable]:
        return {}


def _walk(root: Path, folder: str, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Paths below `folder`; a link is given but never followed, also where a folder is expected."""
    place = root / folder
    if place.is_symlink():
        yield folder
        return
    for entry in sorted(os.scandir(place), key=lambda entry: entry.name) if place.is_dir() else ():
        path = f"{folder}/{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(root, path, suffixes)
        elif entry.name.endswith(suffixes) or (entry.is_symlink() and entry.is_dir()):
            yield path


def _read(path: Path) -> bytes | Unreadable:
    """At most one byte more than the limit is read; a FIFO is never opened for reading."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return NOT_PLAIN if path.is_symlink() else DENIED
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return NOT_PLAIN
        content = file.read(MAX_BYTES + 1)
    return TOO_LARGE if len(content) > MAX_BYTES else content


class GitTree:
    """The files as a commit has them. Raises UsageError where there is no git repository or no such commit."""

    def __init__(self, root: Path, ref: str) -> None:
        self.root = root
        self.ref = ref
        self.label = ref
        self.commit = commit_of(root, ref)

    def files(self) -> dict[str, bytes | Unreadable]:
        return self._below(FOLDERS, SUFFIXES)

    def code(self) -> dict[str, bytes | Unreadable]:
        return self._below((CODE,), (".py",))

    def histories(self) -> dict[str, bytes | Unreadable]:
        return self._below((HISTORIES,), (".csv",))

    def _below(self, folders: tuple[str, ...], suffixes: tuple[str, ...]) -> dict[str, bytes | Unreadable]:
        listing = git(self.root, "ls-tree", "-r", "-z", "--long", self.commit, "--", *folders)
        found: dict[str, bytes | Unreadable] = {}
        wanted: list[tuple[str, str]] = []
        for line in filter(None, listing.decode("utf-8", "replace").split("\0")):
            head, path = line.split("\t", 1)
            mode, _, sha, size = head.split()
            if mode == "120000":
                found[path] = NOT_PLAIN
            elif not path.endswith(suffixes) or not mode.startswith("100"):
                continue
            elif int(size) > MAX_BYTES:
                found[path] = TOO_LARGE
            else:
                wanted.append((path, sha))
        contents = blobs(self.root, [sha for _, sha in wanted])
        return found | {path: contents[sha] for path, sha in wanted}


def git(root: Path, *arguments: str, stdin: bytes = b"") -> bytes:
    """Output of a git command run in `root`. Raises UsageError with git's own last line."""
    command = ["git", "-C", str(root), *arguments]
    try:
        done = subprocess.run(command, input=stdin, capture_output=True, check=False)
    except FileNotFoundError:
        raise UsageError("git is not installed") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise UsageError(f"git {arguments[0]}: {lines[-1] if lines else 'failed'}")
    return done.stdout


def commit_of(root: Path, ref: str) -> str:
    """The full hash of the commit `ref` names. Raises UsageError when there is none."""
    git(root, "rev-parse", "--git-dir")
    try:
        return git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}").decode().strip()
    except UsageError:
        raise UsageError(f"git knows no commit {ref!r} here") from None


def blobs(root: Path, shas: list[str]) -> dict[str, bytes]:
    """Content by hash, all by one git process."""
    if not shas:
        return {}
    output = git(root, "cat-file", "--batch", stdin="\n".join([*shas, ""]).encode())
    found: dict[str, bytes] = {}
    start = 0
    while start < len(output):
        end = output.index(b"\n", start)
        sha, _, size = output[start:end].decode().split()
        start = end + 1 + int(size) + 1
        found[sha] = output[end + 1 : start - 1]
    return found
