"""Brings the documents of a work tree to this version's format, and raises the version of those that it edits."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mooring.catalog import history
from mooring.catalog.editing.retext import CannotEdit, retext
from mooring.catalog.formats import CURRENT
from mooring.catalog.history import History
from mooring.catalog.migrations.convert import CannotConvert, convert, of_other_format
from mooring.catalog.migrations.migration import Migration
from mooring.catalog.migrations.table import MIGRATIONS
from mooring.catalog.parse import parse
from mooring.catalog.schemas import replace_text
from mooring.catalog.source import Unreadable, WorkTree
from mooring.catalog.versions import Part, raised
from mooring.errors import Failed, FindingsError, UsageError
from mooring.finding import Finding
from mooring.outcome import Reason

PART: Part = "minor"
"""The part of a document's version that a migration raises."""
_VERSION = re.compile(r"\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Migrated:
    """A document that was migrated: its formats and its versions, before and after."""

    file: str
    before: str
    after: str
    version_before: str
    version_after: str


def migrate(root: Path, table: Sequence[Migration] = MIGRATIONS, target: str = CURRENT) -> list[Migrated]:
    """Edits every document below `root` that is of an older format; the files themselves, nothing in git.

    All or none: raises FindingsError, and writes nothing, when a document is of a newer or unknown format or cannot be
    edited. A file that is no YAML at all stays as it is, for `moor validate` to tell.
    """
    found: list[Finding] = []
    texts: dict[str, str] = {}
    migrated: list[Migrated] = []
    old = {file: content for file, content in WorkTree(root).files().items() if not isinstance(content, Unreadable)}
    others = {file: data for file, content in sorted(old.items()) if (data := of_other_format(file, content, target))}
    past = _past(root, list(others)) if others else History({})
    for file, before in others.items():
        try:
            text, data = convert(old[file].decode(), before, table, target)
            version = _unused(data, past)
            texts[file] = retext(text, data, {**data, "version": version})
        except (CannotConvert, CannotEdit) as error:
            found.append(_refused(file, old[file], str(error)))
            continue
        formats = (str(before["apiVersion"]), target)
        migrated.append(Migrated(file, *formats, str(before["version"]), version))
    if found:
        raise FindingsError(found)
    try:
        for file, text in texts.items():
            replace_text(root / file, text)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None
    return migrated


def _unused(data: dict[str, Any], past: History) -> str:
    """The next version that stood for no content yet. Raises CannotConvert without a version."""
    version = data.get("version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise CannotConvert("it has no version such as 1.0.0 that could be raised")
    used = past.used.get((str(data.get("kind")), str(data.get("name"))), {})
    version = raised(version, PART)
    while version in used:
        version = raised(version, PART)
    return version


def _past(root: Path, files: list[str]) -> History:
    """What versions of these documents stood for; nothing where there is no git or no commit yet."""
    try:
        past = history.at(root, "HEAD")
        history.add_past(past, root, "HEAD", files)
    except UsageError:
        return History({})
    return past


def _refused(file: str, content: bytes, why: str) -> Finding:
    line = parse(file, content).lines.at("apiVersion")
    fix = "moor upgrade, or take the document from a version of yours that this one reads"
    return Finding(file, line, "apiVersion", f"cannot be migrated: {why}", "api-version", fix)
