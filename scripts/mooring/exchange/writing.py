"""Drafts into files of this repository: as text, checked beside what is there, and written."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mooring.catalog import codeowners
from mooring.catalog.checks import check
from mooring.catalog.formats import CURRENT
from mooring.catalog.load import header, load
from mooring.catalog.parse import parse
from mooring.catalog.secrets import secrets_in
from mooring.catalog.source import MAX_BYTES, Source, Unreadable, WorkTree
from mooring.catalog.yaml_text import yaml_text
from mooring.errors import Failed
from mooring.exchange.intake import Draft
from mooring.finding import Finding
from mooring.outcome import Reason
from mooring.spec import FOLDERS


def place(draft: Draft) -> str:
    """Where the document lives, relative to the repository."""
    return f"{FOLDERS[draft.kind]}/{draft.name}.yaml"


def render(draft: Draft, owner: str) -> str:
    """The document as YAML, with the line by which editors find its schema."""
    head = {"apiVersion": CURRENT, "kind": draft.kind, "name": draft.name, "version": "1.0.0"}
    data = {**head, "description": draft.description, "owner": owner, **draft.data}
    return f"{header(place(draft), draft.kind)}\n{yaml_text(data)}"


def unsound(file: str, text: str) -> str | None:
    """Why a document must not be written at all: it holds a secret, or could not be read again."""
    content = text.encode("utf-8", "replace")
    if any(secrets_in(file, content)):
        return "holds what looks like a secret; take it out first, and revoke it"
    if len(content) > MAX_BYTES:
        return f"would be larger than {MAX_BYTES // 1024} KiB; split it"
    parsed = parse(file, content)
    return parsed.findings[0].message if parsed.findings else None


@dataclass(frozen=True, slots=True)
class _Beside:
    """The files of a source, with some of them put there or replaced."""

    source: Source
    added: Mapping[str, str]

    @property
    def label(self) -> str:
        return self.source.label

    def files(self) -> dict[str, bytes | Unreadable]:
        return {**self.source.files(), **{file: text.encode() for file, text in self.added.items()}}

    def code(self) -> dict[str, bytes | Unreadable]:
        return self.source.code()

    def histories(self) -> dict[str, bytes | Unreadable]:
        return self.source.histories()


OPEN = frozenset({"unused", "codeowners", "suite-agent", "suite-judge", "suite-variables", "assertion-tool"})
"""Checks of how a document fits in with others, which only the one who imports can make true."""


def valid(root: Path, files: Mapping[str, str]) -> tuple[dict[str, str], list[Finding], list[Finding]]:
    """(files that validate, what `moor validate` says of them, what it says of the files that do not).

    A file that needs one that does not validate does not validate either.
    """
    kept = dict(files)
    wrong: list[Finding] = []
    while True:
        found = findings(root, kept)
        bad = [finding for finding in found if finding.file in kept and finding.check not in OPEN]
        if not bad:
            return kept, found, wrong
        wrong += bad
        kept = {file: text for file, text in kept.items() if file not in {finding.file for finding in bad}}


def findings(root: Path, files: Mapping[str, str]) -> list[Finding]:
    """What `moor validate` will say with these files that it does not say without them."""
    tree = WorkTree(root)
    before, after = _found(root, tree), _found(root, _Beside(tree, files))
    return sorted(after - before)


def _found(root: Path, source: Source) -> set[Finding]:
    catalog, found = load(source)
    return {*found, *check(catalog), *codeowners.stale(root, catalog)}


def sort_out(root: Path, files: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """(files that are there with the same content, files that are there with another content)."""
    same: list[str] = []
    other: list[str] = []
    for file, text in files.items():
        path = root / file
        if path.is_symlink() or path.exists():
            plain = path.is_file() and not path.is_symlink()
            (same if plain and path.read_bytes() == text.encode() else other).append(file)
    return same, other


def write(root: Path, files: Mapping[str, str]) -> None:
    """Writes every file, or none. Raises Failed; a link in the way is never followed."""
    done: list[tuple[Path, bytes | None]] = []
    try:
        for file, text in files.items():
            path = root / file
            _inside(root, path.parent)
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.is_symlink():
                raise Failed(Reason.STORAGE, f"{file} is a link; it is not written through")
            done.append((path, path.read_bytes() if path.exists() else None))
            with path.open("w", encoding="utf-8", newline="\n") as out:
                out.write(text)
    except (OSError, Failed) as error:
        _undo(done)
        if isinstance(error, Failed):
            raise
        raise Failed(Reason.STORAGE, f"cannot write {error.filename}: {error.strerror}") from None


def _inside(root: Path, folder: Path) -> None:
    if not Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(root)):
        raise Failed(Reason.STORAGE, f"{folder} leads out of the repository")


def _undo(done: Sequence[tuple[Path, bytes | None]]) -> None:
    for path, content in done:
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.write_bytes(content)


def usual_owner(root: Path) -> str | None:
    """Who owns most documents of the repository."""
    owners = [entry.document.owner for entry in load(WorkTree(root))[0].entries.values()]
    return most(owners)


def most(words: Iterable[str]) -> str | None:
    """The word that is there most often; the first by alphabet of those."""
    listed = sorted(words)
    return max(listed, key=listed.count, default=None)
