"""Contents of documents by version, as git has them. A content is parsed data without its version."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from mooring.catalog.parse import parse
from mooring.catalog.source import FOLDERS, SUFFIXES, GitTree, Unreadable, blobs, git

Key = tuple[str, str]
"""(kind, name)"""

MAX_PATHS = 200
"""Above it git is asked about whole folders, since a command line is finite."""


@dataclass(slots=True)
class History:
    """`now` is the version and content of each document at one commit, `used` every content a version ever stood
    for up to that commit."""

    now: dict[Key, tuple[str, str]]
    used: dict[Key, dict[str, set[str]]] = field(default_factory=dict)

    def note(self, key: Key, version: str, content: str) -> None:
        self.used.setdefault(key, {}).setdefault(version, set()).add(content)


def content_of(data: Any) -> str:
    """Comparable text of a document's data: comments, order of keys and the version are no content."""
    return json.dumps({key: value for key, value in data.items() if key != "version"}, sort_keys=True)


def at(root: Path, ref: str) -> History:
    """The documents of one commit. Raises UsageError without git or such a commit."""
    history = History({})
    for file, content in GitTree(root, ref).files().items():
        if not isinstance(content, Unreadable) and (known := _document(file, content)):
            key, version, text = known
            history.now[key] = (version, text)
            history.note(key, version, text)
    return history


def add_past(history: History, root: Path, ref: str, files: Iterable[str]) -> None:
    """Notes every content that `files` had in commits up to `ref`, deleted ones included."""
    paths = sorted(files)
    if not paths:
        return
    only = paths if len(paths) <= MAX_PATHS else list(FOLDERS)
    options = ("--format=", "--raw", "-z", "--no-abbrev", "--no-renames", "-m")
    fields = git(root, "log", *options, ref, "--", *only).decode("utf-8", "replace").split("\0")
    seen: dict[str, str] = {}
    for head, path in pairwise(fields):
        parts = head.strip().split(" ")
        if head.strip().startswith(":") and path.endswith(SUFFIXES) and parts[1] in ("100644", "100755"):
            seen[parts[3]] = path
    for sha, content in blobs(root, list(seen)).items():
        if known := _document(seen[sha], content):
            history.note(*known)


def _document(file: str, content: bytes) -> tuple[Key, str, str] | None:
    """((kind, name), version, content) of a file that says all three."""
    data = parse(file, content).data or {}
    kind, name, version = data.get("kind"), data.get("name"), data.get("version")
    if isinstance(kind, str) and isinstance(name, str) and isinstance(version, str):
        return (kind, name), version, content_of(data)
    return None
