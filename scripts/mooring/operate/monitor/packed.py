"""Names the series of families that came packed: labels and numbers, without a name for each number.

A histogram has a dozen series for each set of labels, and their names are most of what a worker would have to write
and the monitor to read.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mooring.operate.monitor.exposition import Series, labelled

MOST = 100_000
"""Series whose names are remembered."""

Shape = tuple[str, tuple[str, ...], tuple[str, ...]]


class Packed:
    """It remembers the names, which are the same in every scrape."""

    def __init__(self) -> None:
        self._named: dict[tuple[Shape, tuple[str, ...]], tuple[Series, ...]] = {}
        self._count = 0

    def values(self, family: Mapping[str, Any]) -> Iterator[tuple[Series, float]]:
        """Each series with its number. Raises KeyError, TypeError or ValueError for a family that is not packed."""
        shape = family["name"], tuple(family["labels"]), tuple(family.get("edges", ()))
        for values, numbers in family["rows"]:
            key = shape, tuple(values)
            yield from zip(self._named.get(key) or self._name(*key), numbers, strict=True)

    def _name(self, shape: Shape, values: tuple[str, ...]) -> tuple[Series, ...]:
        if self._count > MOST:
            self._named.clear()
            self._count = 0
        named = self._named[shape, values] = tuple(_names(*shape, values))
        self._count += len(named)
        return named


def samples(family: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the samples that a packed family has."""
    name = family["name"]
    return (f"{name}_bucket", f"{name}_count", f"{name}_sum") if "edges" in family else (f"{name}_total",)


def _names(name: str, labels: Sequence[str], edges: Sequence[str], values: Sequence[str]) -> Iterator[Series]:
    own = dict(zip(labels, values, strict=True))
    if not edges:
        yield f"{name}_total", labelled(own)
        return
    for edge in edges:
        yield f"{name}_bucket", labelled({**own, "le": edge})
    yield f"{name}_count", labelled(own)
    yield f"{name}_sum", labelled(own)
