"""A window of counts, and the one between two readings of what processes counted."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean
from typing import Any, Protocol

Key = tuple[str, frozenset[tuple[str, str]]]
"""A series: its name as it is exported, and its labels."""

Totals = Mapping[Key, float]
"""What was counted until some moment, by series."""


class Window(Protocol):
    """What was counted in some time."""

    @property
    def seconds(self) -> float:
        """Its length."""

    def increase(self, metric: str, **labels: str) -> float:
        """What the series of a counter with these labels rose by, all together; 0 where there are none."""

    def levels(self, metric: str, **labels: str) -> list[float]:
        """The mean of each series of a gauge over its values in the window; empty where there is none."""

    def mean(self, metric: str, **labels: str) -> float | None:
        """The mean of a gauge over all its values in the window; None where there is none."""


@dataclass(frozen=True)
class Between:
    """The window between two readings, the first of which may be empty: then since the processes began."""

    before: Totals
    after: Totals
    seconds: float

    def increase(self, metric: str, **labels: str) -> float:
        """A counter that is lower than it was began anew."""
        rises = ((self.after[key], self.before.get(key, 0.0)) for key in self._matching(metric, labels))
        return sum(now - was if now >= was else now for now, was in rises)

    def levels(self, metric: str, **labels: str) -> list[float]:
        return levels((self.before, self.after), metric, labels)

    def mean(self, metric: str, **labels: str) -> float | None:
        read = [reading[key] for reading in (self.before, self.after) for key in _matching(reading, metric, labels)]
        return sum(read) / len(read) if read else None

    def _matching(self, metric: str, labels: Mapping[str, str]) -> list[Key]:
        wanted = labels.items()
        each = self._series.get((metric, next(iter(wanted), None)), ())
        return [key for key in each if wanted <= key[1]]

    @cached_property
    def _series(self) -> Mapping[tuple[str, tuple[str, str] | None], list[Key]]:
        """The series of each metric with each label, and with None all of it: a histogram is asked for every bucket."""
        found: dict[tuple[str, tuple[str, str] | None], list[Key]] = {}
        for key in self.after:
            for label in (None, *key[1]):
                found.setdefault((key[0], label), []).append(key)
        return found


def levels(readings: Iterable[Totals], metric: str, labels: Mapping[str, str]) -> list[float]:
    """The mean of each series of a gauge over the readings that have it."""
    found: dict[Key, list[float]] = {}
    for reading in readings:
        for key in _matching(reading, metric, labels):
            found.setdefault(key, []).append(reading[key])
    return [fmean(values) for values in found.values()]


def _matching(totals: Totals, metric: str, labels: Mapping[str, str]) -> list[Key]:
    wanted = labels.items()
    return [key for key in totals if key[0] == metric and wanted <= key[1]]


def of_processes(each: Iterable[tuple[str, Iterable[Mapping[str, Any]]]]) -> dict[Key, float]:
    """The totals of several processes by their names: counters are added up, each gauge keeps its `worker`."""
    found: dict[Key, float] = {}
    for worker, families in each:
        for family in families:
            gauge = family["type"] not in ("counter", "histogram")
            for name, labels, value in family["samples"]:
                key = (name, frozenset({**labels, **({"worker": worker} if gauge else {})}.items()))
                found[key] = (found.get(key, 0.0) if not gauge else 0.0) + value
    return found


def of_text(text: str) -> dict[Key, float]:
    """The totals that an answer to `/metrics` says. Raises ValueError for what is none."""
    from prometheus_client.parser import text_string_to_metric_families

    families = text_string_to_metric_families(text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }
