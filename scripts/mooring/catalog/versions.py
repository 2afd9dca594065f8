"""Honest versions: on any branch, a (kind, name, version) stands for one content."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mooring.catalog import history
from mooring.catalog.catalog import Catalog, Entry
from mooring.catalog.history import History, Key
from mooring.catalog.load import load
from mooring.catalog.nearest import suggestion
from mooring.catalog.schemas import replace_text
from mooring.catalog.source import WorkTree
from mooring.errors import Failed, UsageError
from mooring.finding import Finding
from mooring.outcome import Reason

Part = Literal["major", "minor", "patch"]
PARTS: tuple[Part, ...] = ("major", "minor", "patch")
_VERSION = re.compile(r"^(version:\s*[\"']?)(\d+\.\d+\.\d+)")


@dataclass(frozen=True, slots=True)
class Bump:
    """A document's new version; `file` is relative to the repository."""

    file: str
    kind: str
    name: str
    before: str
    after: str


def honest(root: Path, ref: str, catalog: Catalog) -> list[Finding]:
    """Documents whose version stands for another content at `ref` or before it.

    An earlier version with its earlier content is a revert, and honest. Raises UsageError without git or `ref`.
    """
    past = _past(root, ref, catalog)
    found = []
    for entry in catalog.entries.values():
        document = entry.document
        key, content = (document.kind, document.name), history.content_of(entry.data)
        contents = past.used.get(key, {}).get(document.version, set())
        if not contents or content in contents:
            continue
        if past.now.get(key, ("", ""))[0] == document.version:
            check, message = "version-honest", f"the content differs from {ref}, the version does not"
        else:
            check, message = "version-reused", f"{document.version} stood for another content before {ref}"
        fix = f"moor bump {document.kind}/{document.name} --against {ref}"
        found.append(Finding(entry.file, entry.lines.at("version"), "version", message, check, fix))
    return sorted(found)


def _past(root: Path, ref: str, catalog: Catalog) -> History:
    """Contents by version; the past is only read for documents that are not as they are at `ref`."""
    past = history.at(root, ref)
    changed = []
    for (kind, name), entry in catalog.entries.items():
        now = (entry.document.version, history.content_of(entry.data))
        if past.now.get((kind, name)) != now:
            changed.append(entry.file)
    history.add_past(past, root, ref, changed)
    return past


def bumps(root: Path, ref: str | None, names: Sequence[str], part: Part = "patch") -> list[Bump]:
    """What a bump would change: the named documents, or without names those that are not honest against `ref`.

    `names` are `Kind/name`, a name that only one document has, or a file. The new version is above the one at `ref`
    and was never used. Raises UsageError for unknown names; without git only when `ref` is given.
    """
    catalog, _ = load(WorkTree(root))
    named = [_named(catalog, name) for name in names]
    past = _past(root, ref, catalog) if ref is not None else History({})
    if not names:
        if ref is None:
            raise UsageError("bump what? Name documents, or a commit to compare with")
        dishonest = {finding.file for finding in honest(root, ref, catalog)}
        named = [entry for entry in catalog.entries.values() if entry.file in dishonest]
    return [_bump(entry, past, part) for entry in {entry.file: entry for entry in named}.values()]


def bump(root: Path, ref: str | None, names: Sequence[str], part: Part = "patch") -> list[Bump]:
    """Raises versions: only the `version:` lines are edited. Arguments and errors as for `bumps`; all or nothing."""
    planned = bumps(root, ref, names, part)
    texts = {planned_bump.file: _edited(root, planned_bump) for planned_bump in planned}
    try:
        for file, text in texts.items():
            replace_text(root / file, text)
    except OSError as error:
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None
    return planned


def _named(catalog: Catalog, name: str) -> Entry:
    fitting = [
        entry
        for (kind, own), entry in catalog.entries.items()
        if name in (own, f"{kind}/{own}", entry.file) or name.lower() == f"{kind}/{own}".lower()
    ]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        which = ", ".join(f"{entry.document.kind}/{entry.document.name}" for entry in fitting)
        raise UsageError(f"{name!r} names several documents: {which}")
    known = [text for kind, own in catalog.entries for text in (own, f"{kind}/{own}")]
    raise UsageError(f"no valid document is called {name!r}{suggestion(name, known)}")


def _bump(entry: Entry, past: History, part: Part) -> Bump:
    document = entry.document
    key: Key = (document.kind, document.name)
    version = max(document.version, past.now.get(key, (document.version, ""))[0], key=_numbers)
    while True:
        version = raised(version, part)
        if version not in past.used.get(key, {}):
            return Bump(entry.file, *key, document.version, version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def raised(version: str, part: Part) -> str:
    """The next version: `part` one higher, what stands after it 0."""
    numbers = list(_numbers(version))
    at = PARTS.index(part)
    return ".".join(map(str, [*numbers[:at], numbers[at] + 1, *[0] * (2 - at)]))


def _edited(root: Path, planned: Bump) -> str:
    """The file's text with the new version; the line is found again, so that nothing else can change."""
    text = (root / planned.file).read_bytes().decode()
    lines = text.splitlines(keepends=True)
    for number, line in enumerate(lines):
        if _VERSION.match(line):
            lines[number] = _VERSION.sub(rf"\g<1>{planned.after}", line, count=1)
            return "".join(lines)
    raise UsageError(f"{planned.file} has no line that starts with `version:`; raise it to {planned.after} by hand")
