"""What an environment's objectives are measured by: samples of what was counted, and windows over them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from mooring.rollout.objectives.signals import SIGNALS, Level, Mean, Measure, Quantile, Selected, Share, measure_of
from mooring.rollout.objectives.window import Between, Key, Totals
from mooring.spec import Objectives
from mooring.state.records.samples import Sample

MINUTE = 60

Needed = Mapping[str, frozenset[str]]
"""Labels that count, by the name of a series."""

TICKS, RISES = "_ticks", "_rises"
"""Ends of the names under which the mean of a gauge is kept: how often it was looked at, and the sum of its values."""


class Reading(NamedTuple):
    """What one machine had counted at a time, of the series that were `covered` then."""

    machine: str
    at: float
    covered: frozenset[str]
    totals: Totals


def needed(objectives: Objectives | None) -> Needed:
    """The series that the signals are made of, and those of a document."""
    measures = [*SIGNALS.values(), *(measure_of(one) for one in (objectives.objectives if objectives else ()))]
    found: dict[str, frozenset[str]] = {}
    for name, labels in (one for measure in measures for one in _series(measure)):
        found[name] = found.get(name, frozenset()) | labels
    return found


def _series(measure: Measure) -> Iterator[tuple[str, frozenset[str]]]:
    match measure:
        case Share(bad=bad, total=total, up=up):
            yield from (_selected(bad), _selected(total))
            if up:
                yield from ((f"{up}{TICKS}", frozenset()), (f"{up}{RISES}", frozenset()))
        case Mean(histogram) | Quantile(histogram):
            yield from ((f"{histogram}_count", frozenset()), (f"{histogram}_sum", frozenset()))
            yield f"{histogram}_bucket", frozenset({"le"})
        case Level(gauge):
            yield gauge, frozenset({"slot", "worker"})


def _selected(selected: Selected) -> tuple[str, frozenset[str]]:
    return selected.metric, frozenset(label for label, _ in selected.labels)


def reduced(totals: Mapping[tuple[str, tuple[tuple[str, str], ...]], float], wanted: Needed) -> dict[Key, float]:
    """Only what is needed, added up over every label that does not count."""
    found: dict[Key, float] = {}
    for (name, labels), value in totals.items():
        if (kept := wanted.get(name)) is not None:
            key = (name, frozenset(label for label in labels if label[0] in kept))
            found[key] = found.get(key, 0.0) + value
    return found


def packed(totals: Totals, wanted: Needed) -> dict[str, Any]:
    """JSON-able; `read` reverses it."""
    return {
        "covered": sorted(wanted),
        "totals": [[name, dict(labels), value] for (name, labels), value in totals.items()],
    }


def read(samples: Iterable[Sample]) -> list[Reading]:
    """The readings in the order of the samples."""
    return [
        Reading(
            sample.machine,
            sample.minute * MINUTE,
            frozenset(sample.data["covered"]),
            {(name, frozenset(labels.items())): value for name, labels, value in sample.data["totals"]},
        )
        for sample in samples
    ]


class Window(NamedTuple):
    """What all machines counted between their first and their last reading in some time."""

    seconds: float
    between: Between
    now: Totals

    def increase(self, metric: str, **labels: str) -> float:
        return self.between.increase(metric, **labels)

    def last(self, metric: str, **labels: str) -> list[float]:
        return Between({}, self.now, 0).last(metric, **labels)

    def mean(self, metric: str, **labels: str) -> float | None:
        """Of a gauge that was looked at all the time, as only some are."""
        ticks = self.increase(f"{metric}{TICKS}", **labels)
        return self.increase(f"{metric}{RISES}", **labels) / ticks if ticks else None


def window(readings: Iterable[Reading], since: float, until: float, wanted: Needed) -> Window | None:
    """The window from `since` to `until`, or as much of it as there are readings of all that is needed.

    It begins with the last reading of a machine before it, if there is one. None where no machine has two.
    """
    before: dict[Key, float] = {}
    after: dict[Key, float] = {}
    now: dict[Key, float] = {}
    began = until
    ended = since
    covering = frozenset(wanted)
    each: dict[str, list[Reading]] = {}
    for reading in readings:
        if covering <= reading.covered and reading.at <= until:
            each.setdefault(reading.machine, []).append(reading)
    for machine, mine in each.items():
        first = next((one for one in reversed(mine) if one.at <= since), mine[0])
        last = mine[-1]
        if last.at > max(first.at, since):
            mark = ("machine", machine)
            before |= {(name, labels | {mark}): value for (name, labels), value in first.totals.items()}
            after |= {(name, labels | {mark}): value for (name, labels), value in last.totals.items()}
            began, ended = min(began, first.at), max(ended, last.at)
            if last.at > until - 10 * MINUTE:
                now |= {(name, labels | {mark}): value for (name, labels), value in last.totals.items()}
    return Window(ended - began, Between(before, after, ended - began), now) if after else None
