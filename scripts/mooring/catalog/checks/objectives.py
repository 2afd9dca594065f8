"""Objectives: over metrics that exist, with thresholds that can be met and missed, and apart by name."""

from mooring.catalog.catalog import Catalog
from mooring.catalog.checks.remark import Remark, Remarks, repeated
from mooring.catalog.nearest import suggestion
from mooring.metrics import COUNTED, EVERYWHERE, METRICS, REQUEST_DURATION, SERIES
from mooring.spec import Objectives
from mooring.spec.objectives import RISING, Objective, Series

MOST_BUDGET = 0.5
"""A promise that may be broken more often than it is kept is none."""

SHORTEST, LONGEST = 300, 30 * 86400
"""Seconds: less is a moment, and more than this is counted nowhere."""

LONGEST_ANSWER = METRICS[REQUEST_DURATION].buckets[-1]
"""Seconds; answers that take longer are only known to take longer."""


def metric(catalog: Catalog) -> Remarks:
    for name, document in catalog.all(Objectives).items():
        entry = catalog.of(Objectives)[name]
        for index, objective in enumerate(document.objectives):
            if objective.ratio is None:
                continue
            for side, series in (("bad", objective.ratio.bad), ("total", objective.ratio.total)):
                for path, message in _unknown(series):
                    yield Remark(entry, f"objectives.{index}.ratio.{side}.{path}", message)
            if objective.ratio.bad == objective.ratio.total:
                message = "all events are bad ones: `bad` and `total` are the same"
                yield Remark(entry, f"objectives.{index}.ratio.bad", message)


def _unknown(series: Series) -> list[tuple[str, str]]:
    """(path, message) for what is not exported, or is nothing that events can be counted by."""
    if series.metric not in SERIES:
        return [("metric", f"there is no metric {series.metric!r}{suggestion(series.metric, sorted(COUNTED))}")]
    if series.metric not in COUNTED or series.metric.endswith("_sum"):
        return [("metric", f"{series.metric} counts no events: a ratio is of counters, such as mooring_rungs_total")]
    known = (*SERIES[series.metric], *EVERYWHERE)
    wrong = [label for label in series.labels if label not in known]
    return [(f"labels.{label}", f"{series.metric} has no label {label!r}{suggestion(label, known)}") for label in wrong]


def threshold(catalog: Catalog) -> Remarks:
    for name, document in catalog.all(Objectives).items():
        for index, objective in enumerate(document.objectives):
            side = "atLeast" if objective.at_least is not None else "atMost"
            if message := _senseless(objective):
                yield Remark(catalog.of(Objectives)[name], f"objectives.{index}.{side}", message)


def _senseless(objective: Objective) -> str:
    """Why a threshold makes no sense, "" when it does."""
    target, signal, least = objective.target, objective.signal, objective.at_least is not None
    if signal is not None and least != (signal in RISING):
        better = "more is better: say atLeast" if signal in RISING else "less is better: say atMost"
        return f"of {signal}, {better}"
    if signal in ("mean-seconds", "p99-seconds"):
        if target >= LONGEST_ANSWER:
            return f"{target:g} s is never missed: an answer is measured up to {LONGEST_ANSWER:g} s"
        return ""
    if target >= 1:
        return f"{target:g} is no share below 1; 99.5 % is written 0.995"
    if signal in ("memory", "context"):
        return ""
    budget = 1 - target if least else target
    return "" if budget <= MOST_BUDGET else f"{budget:.3g} of all events may be bad, which is no promise"


def window(catalog: Catalog) -> Remarks:
    for name, document in catalog.all(Objectives).items():
        for index, objective in enumerate(document.objectives):
            if not SHORTEST <= objective.seconds <= LONGEST:
                message = f"{objective.window} is not between 5m and 30d"
                yield Remark(catalog.of(Objectives)[name], f"objectives.{index}.window", message)


def twice(catalog: Catalog) -> Remarks:
    for name, document in catalog.all(Objectives).items():
        for index, again in repeated(objective.name for objective in document.objectives):
            message = f"{again!r} is there already; alerts could not tell them apart"
            yield Remark(catalog.of(Objectives)[name], f"objectives.{index}.name", message)
