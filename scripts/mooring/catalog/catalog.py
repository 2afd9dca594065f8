"""The documents of one tree, by kind and name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from mooring.catalog.code import Module
from mooring.catalog.incidents import Histories
from mooring.catalog.positions import Positions
from mooring.spec import Document

D = TypeVar("D", bound=Document)


@dataclass(frozen=True, slots=True)
class Entry:
    """A document with the place it came from; `data` is what its file says, without defaults."""

    document: Document
    file: str
    lines: Positions
    data: Mapping[str, Any]


@dataclass(frozen=True)
class Catalog:
    """Every valid document, ordered by (kind, name).

    `broken` are documents that are there but could not be read: a reference to one of them is not unresolved,
    and what only they may use is not unused.
    """

    entries: Mapping[tuple[str, str], Entry]
    broken: frozenset[tuple[str, str]] = frozenset()
    code: Mapping[str, Module] = field(default_factory=dict)
    """The team's Python modules by dotted name, such as `tools.shipping`."""
    histories: Histories = field(default_factory=dict)
    """Incidents by the path of their CSV file, such as `evals/drills/ours.csv`."""
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """What has been worked out about these documents, such as flat prompts."""

    def get(self, kind: type[D], name: str) -> D | None:
        entry = self.entries.get((kind.__name__, name))
        return entry.document if entry is not None and isinstance(entry.document, kind) else None

    def all(self, kind: type[D]) -> dict[str, D]:
        """Documents of one kind by name, in order of names."""
        found = ((name, entry.document) for name, entry in self.of(kind).items())
        return {name: document for name, document in found if isinstance(document, kind)}

    def entry(self, kind: str, name: str) -> Entry | None:
        return self.entries.get((kind, name))

    def of(self, kind: type[Document]) -> Mapping[str, Entry]:
        """Entries of one kind by name, in order of names."""
        return self._by_kind.get(kind.__name__, {})

    @cached_property
    def _by_kind(self) -> dict[str, dict[str, Entry]]:
        kinds: dict[str, dict[str, Entry]] = {}
        for (kind, name), entry in sorted(self.entries.items()):
            kinds.setdefault(kind, {})[name] = entry
        return kinds
