"""Whether each promise is kept, over a window: value, target, and what is left of the error budget."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from mooring.rollout.objectives.signals import Level, Mean, Quantile, Selected, Share, bound, bounds, measure_of
from mooring.rollout.objectives.window import Window
from mooring.spec import Objectives
from mooring.spec.objectives import Objective


@dataclass(frozen=True, slots=True)
class Measured:
    """One objective over some time.

    `holds` is None, and so is `budget`, where there were too few `events` to say. `value` is None where there were
    none at all. `budget` is what is left of the bad events that may be, 1 to 0; None also where there is no such
    number. `seconds` is the length of what was looked at. `at_least` says on which side of `target` a value keeps it.
    """

    name: str
    value: float | None
    target: float
    holds: bool | None
    budget: float | None
    events: float
    seconds: float
    at_least: bool
    unit: str

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def measure(objectives: Objectives, window: Window) -> list[Measured]:
    """Every objective of a document over the same window, in its order."""
    return [measured(objective, window) for objective in objectives.objectives]


def measured(objective: Objective, window: Window) -> Measured:
    """One objective over a window."""
    match measure_of(objective):
        case Share() as share:
            return _share(objective, share, window)
        case Mean(histogram):
            events = window.increase(f"{histogram}_count")
            value = window.increase(f"{histogram}_sum") / events if events else None
            return _said(objective, window, value, events)
        case Quantile(histogram, rank):
            below = counts(histogram, window)
            events = below[-1][1]
            used = above(objective.target, below) / (1 - rank) if events else None
            return _said(objective, window, quantile(rank, below), events, used)
        case Level(gauge):
            values = window.levels(gauge)
            return _said(objective, window, max(values, default=None), len(values), least=1)


def _share(objective: Objective, share: Share, window: Window) -> Measured:
    bad, total = events_of(share.bad, window), events_of(share.total, window)
    parts = [bad / total] if total >= objective.min_events else []
    up = window.mean(share.up) if share.up else None
    parts += [1 - up] if up is not None else []
    worst = max(parts) if parts else bad / total if total else None
    if worst is None:
        return _said(objective, window, None, total)
    allowed = 1 - objective.target if objective.at_least is not None else objective.target
    value = 1 - worst if objective.at_least is not None else worst
    return _said(objective, window, value, total, worst / allowed, least=0 if parts else objective.min_events)


def events_of(selected: Selected, window: Window) -> float:
    """How many there were."""
    return sum(window.increase(selected.metric, **labels) for labels in selected.each())


def _said(
    objective: Objective,
    window: Window,
    value: float | None,
    events: float,
    used: float | None = None,
    least: int | None = None,
) -> Measured:
    """`used` is the part of the error budget that is gone; fewer than `least` events say nothing."""
    known = value is not None and events >= (objective.min_events if least is None else least)
    return Measured(
        name=objective.name,
        value=value,
        target=objective.target,
        holds=objective.kept(value) if known and value is not None else None,
        budget=min(1.0, max(0.0, 1 - used)) if known and used is not None else None,
        events=round(events, 3),
        seconds=window.seconds,
        at_least=objective.at_least is not None,
        unit="s" if objective.signal in ("mean-seconds", "p99-seconds") else "share",
    )


Counts = Sequence[tuple[float, float]]
"""(upper bound, how many values are not above it), by bound; the last bound is infinite."""


def counts(histogram: str, window: Window) -> Counts:
    """How often each bucket of a histogram was filled."""
    return [(edge, window.increase(f"{histogram}_bucket", le=bound(edge))) for edge in bounds(histogram)]


def quantile(rank: float, below_each: Counts) -> float | None:
    """As `histogram_quantile` has it: linear within a bucket, and never above the last finite bound.

    Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
    """
    total = below_each[-1][1]
    if not total:
        return None
    wanted, below, under = rank * total, 0.0, 0.0
    for edge, count in below_each[:-1]:
        if count >= wanted:
            return below + (edge - below) * (wanted - under) / (count - under) if count > under else edge
        below, under = edge, count
    return below


def above(value: float, below_each: Counts) -> float:
    """The share of values above `value`, linear within its bucket; those beyond the last bound are all above."""
    total, below, under = below_each[-1][1], 0.0, 0.0
    if not total:
        return 0.0
    for edge, count in below_each[:-1]:
        if value <= edge:
            return 1 - (under + (count - under) * (value - below) / (edge - below)) / total
        below, under = edge, count
    return 1 - under / total
