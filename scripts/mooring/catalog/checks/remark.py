"""What a check function says; the table adds the check's name and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mooring.catalog.catalog import Entry


@dataclass(frozen=True, slots=True)
class Remark:
    """Something wrong at `path` of a document; `line` is given where a text within the value is meant."""

    entry: Entry
    path: str
    message: str
    line: int | None = None


Remarks = Iterator[Remark]


def repeated(names: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Each name that was there before, with its index."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield index, name
        seen.add(name)
