"""The documents of one tree, by kind and name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from mooring.catalog.positions import Positions
from mooring.finding import Finding
from mooring.spec import Document

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with the place it came from."""

    document: Document
    file: str
    lines: Positions

    def finding(self, check: str, path: str, message: str, fix: str = "", line: int | None = None) -> Finding:
        """A finding at `path`; `line` is given where a text within the value is meant."""
        return Finding(self.file, self.lines.at(path) if line is None else line, path, message, check, fix)


@dataclass(frozen=True)
class Catalog:
    """Every valid document. `broken` are those that are there but could not be read: no reference to
    them is unresolved, and what only they use is not unused."""

    entries: Mapping[tuple[str, str], Entry]
    broken: frozenset[tuple[str, str]] = field(default=frozenset())

    def get(self, kind: type[D], name: str) -> D | None:
        entry = self.entries.get((kind.__name__, name))
        return entry.document if entry is not None and isinstance(entry.document, kind) else None

    def all(self, kind: type[D]) -> dict[str, D]:
        """Documents of one kind by name, in order of names."""
        found = ((name, entry.document) for (_, name), entry in sorted(self.entries.items()))
        return {name: document for name, document in found if isinstance(document, kind)}

    def entry(self, kind: str, name: str) -> Entry | None:
        return self.entries.get((kind, name))
