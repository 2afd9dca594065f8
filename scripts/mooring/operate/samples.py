"""What an environment's objectives are measured by: samples of what was counted, and windows over them."""

import json
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import Any

from mooring.metrics import ERROR, OPERATION_DURATION, PROVIDER
from mooring.rollout.objectives.signals import SIGNALS, Level, Mean, Measure, Quantile, Selected, Share, measure_of
from mooring.rollout.objectives.window import Between, Key, Totals, levels
from mooring.spec import Objectives
from mooring.state.records.samples import Sample

MINUTE = 60

RECENT_SECONDS = 600
"""For which the newest sample says how it is now."""

LEVELS = 48
"""Readings of a machine at most, spread over a window, of which the mean of a gauge is taken."""

Needed = Mapping[str, frozenset[str]]
"""Labels that count, by the name of a series."""

CALLS: Needed = {f"{OPERATION_DURATION}_count": frozenset({PROVIDER, ERROR})}
"""Calls to models, by vendor and by how they ended: of them a vendor's incidents are made out."""

TICKS, RISES = "_ticks", "_rises"
"""Ends of the names under which the mean of a gauge is kept: for how many
seconds it was looked at, and the sum of its values in them."""


@dataclass(eq=False)
class Reading:
    """What one machine had counted at a time, of the series that were `covered` then."""

    machine: str
    at: float
    covered: frozenset[str]
    counted: Callable[[], Totals]
    """Asked once, and only of a reading at which some window begins or ends."""

    @cached_property
    def totals(self) -> Mapping[str, Totals]:
        """By the names of series, with the machine as a label."""
        mine, found = ("machine", self.machine), dict[str, dict[Key, float]]()
        for (name, labels), value in self.counted().items():
            found.setdefault(name, {})[name, labels | {mine}] = value
        return found


def needed(objectives: Objectives | None, signals: bool = True) -> Needed:
    """The series that a document's objectives are made of, and those of all `signals`."""
    measures = [*(SIGNALS.values() if signals else ())]
    measures += [measure_of(one) for one in (objectives.objectives if objectives else ())]
    found: dict[str, frozenset[str]] = {}
    for name, labels in (one for measure in measures for one in _series(measure)):
        found[name] = found.get(name, frozenset()) | labels
    return found


def both(one: Needed, other: Needed) -> Needed:
    """What either of two needs."""
    return {name: one.get(name, frozenset()) | other.get(name, frozenset()) for name in {**one, **other}}


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
        Reading(sample.machine, sample.minute * MINUTE, _covered(sample), partial(_totals, sample))
        for sample in samples
    ]


_BEGINNING, _REST = '{"covered":', ',"totals":'
"""How the text of a sample begins, and what follows the names in it."""


def _covered(sample: Sample) -> frozenset[str]:
    """Without the totals, which are most of it."""
    end = sample.text.find(_REST)
    if end < 0 or not sample.text.startswith(_BEGINNING):
        return frozenset(sample.data["covered"])
    return _names(sample.text[len(_BEGINNING) : end])


@lru_cache(maxsize=64)
def _names(text: str) -> frozenset[str]:
    """Those of a JSON list; nearly all samples have the same ones."""
    return frozenset(json.loads(text))


def _totals(sample: Sample) -> Totals:
    return {(name, frozenset(labels.items())): value for name, labels, value in sample.data["totals"]}


@dataclass(frozen=True, slots=True)
class Window:
    """What all machines counted between their first and their last reading in some time, and the readings in it."""

    seconds: float
    between: Between
    readings: tuple[Reading, ...] = ()

    def increase(self, metric: str, **labels: str) -> float:
        return self.between.increase(metric, **labels)

    def levels(self, metric: str, **labels: str) -> list[float]:
        machines = sorted({one.machine for one in self.readings})
        each = ([one.totals.get(metric, {}) for one in self.readings if one.machine == machine] for machine in machines)
        return [value for mine in each for value in levels(mine, metric, labels)]

    def mean(self, metric: str, **labels: str) -> float | None:
        """Of a gauge that was looked at all the time, as only some are."""
        ticks = self.increase(f"{metric}{TICKS}", **labels)
        return self.increase(f"{metric}{RISES}", **labels) / ticks if ticks else None


class Readings:
    """Readings of all machines, the oldest first; with `names`, of these series alone."""

    def __init__(self, readings: Iterable[Reading], names: frozenset[str] | None = None) -> None:
        self._names = names
        self._chosen: dict[Reading, dict[Key, float]] = {}
        self._each: dict[str, list[Reading]] = {}
        for reading in readings:
            self._each.setdefault(reading.machine, []).append(reading)
        self._times = {machine: [one.at for one in mine] for machine, mine in self._each.items()}
        self._covered = {one.covered for mine in self._each.values() for one in mine}

    def covering(self, wanted: Needed) -> "Readings":
        """Those that have all that is needed, and nothing else of them."""
        names = frozenset(wanted)
        if all(names <= covered for covered in self._covered):
            found = copy(self)
            found._names, found._chosen = names, {}
            return found
        fit = {covered for covered in self._covered if names <= covered}
        return Readings((one for mine in self._each.values() for one in mine if one.covered in fit), names)

    def window(self, since: float, until: float, levels: int = LEVELS) -> Window:
        """What was counted from `since` to `until`, as far as there are readings.

        For each machine it begins with the last reading before that time, if there is one. Of gauges it has at most
        so many `levels`.
        """
        before: dict[Key, float] = {}
        after: dict[Key, float] = {}
        within: list[Reading] = []
        began, ended = until, since
        for machine, mine in self._each.items():
            times = self._times[machine]
            last, first = bisect_right(times, until) - 1, max(0, bisect_right(times, since) - 1)
            if last >= 0 and mine[last].at > since:
                before |= self._totals(mine[first])
                after |= self._totals(mine[last])
                began, ended = min(began, mine[first].at), max(ended, mine[last].at)
                inside = mine[bisect_right(times, since) : last + 1]
                within += inside[:: -max(1, len(inside) // levels)][:levels]
        seconds = max(0.0, ended - began)
        return Window(seconds, Between(before, after, seconds), tuple(within))

    def _totals(self, reading: Reading) -> dict[Key, float]:
        if (known := self._chosen.get(reading)) is None:
            names = reading.totals if self._names is None else self._names
            known = {key: value for name in names for key, value in reading.totals.get(name, {}).items()}
            self._chosen[reading] = known
        return known
