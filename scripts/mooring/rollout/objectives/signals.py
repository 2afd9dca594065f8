"""What each signal is made of: the same declaration is evaluated over a window here, and rendered as PromQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from mooring import metrics as names
from mooring.spec.objectives import Objective, Series


@dataclass(frozen=True, slots=True)
class Selected:
    """All series of a metric whose labels have one of the values given."""

    metric: str
    labels: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def each(self) -> list[dict[str, str]]:
        """Every combination of values."""
        keys = [label for label, _ in self.labels]
        return [dict(zip(keys, values, strict=True)) for values in product(*(values for _, values in self.labels))]


@dataclass(frozen=True, slots=True)
class Share:
    """Bad events of all events. Where `up` names a gauge, the share of time in which it was 0 counts as well.

    Who cannot get in is counted nowhere: requests alone do not say that an environment is down.
    """

    bad: Selected
    total: Selected
    up: str = ""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean of a histogram."""

    histogram: str


@dataclass(frozen=True, slots=True)
class Quantile:
    """That which `rank` of the values of a histogram stay below."""

    histogram: str
    rank: float


@dataclass(frozen=True, slots=True)
class Level:
    """The highest mean of a gauge among all processes: a peak is no level."""

    gauge: str


Measure = Share | Mean | Quantile | Level

SIGNALS: Mapping[str, Measure] = {
    # Who left before the answer was complete is neither well nor badly served.
    "uptime": Share(
        Selected(f"{names.REQUESTS}_total", (("end", ("failed", "lost")),)),
        Selected(f"{names.REQUESTS}_total", (("end", ("answered", "failed", "lost")),)),
        names.UP,
    ),
    "mean-seconds": Mean(names.REQUEST_DURATION),
    "p99-seconds": Quantile(names.REQUEST_DURATION, 0.99),
    "retry-success": Share(
        Selected(f"{names.RETRIED}_total", (("outcome", ("failure",)),)),
        Selected(f"{names.RETRIED}_total"),
    ),
    # Of runs that were answered: one that was not is a failed request, if it was one.
    "degradation": Share(
        Selected(f"{names.RUNGS}_total", (("rung", ("L1", "L2", "L3", "L4")),)),
        Selected(f"{names.RUNGS}_total", (("rung", ("L0", "L1", "L2", "L3", "L4")),)),
    ),
    "memory": Level(names.MEMORY),
    "context": Quantile(names.CONTEXT, 0.95),
}


def measure_of(objective: Objective) -> Measure:
    """What an objective is measured by."""
    if objective.ratio is not None:
        return Share(_selected(objective.ratio.bad), _selected(objective.ratio.total))
    return SIGNALS[str(objective.signal)]


def _selected(series: Series) -> Selected:
    return Selected(series.metric, tuple((label, (value,)) for label, value in sorted(series.labels.items())))


def budget_of(objective: Objective) -> float | None:
    """The share of events that may be bad; None where that is not what is promised."""
    match measure_of(objective):
        case Share():
            return round(1 - objective.target if objective.at_least is not None else objective.target, 12)
        case Quantile(rank=rank):
            return round(1 - rank, 12)
    return None


def bound(value: float) -> str:
    """An upper bound of a bucket as `le` has it."""
    return "+Inf" if value == float("inf") else str(float(value))


def bounds(histogram: str) -> tuple[float, ...]:
    """The upper bounds of a histogram's buckets, the last one infinite."""
    return (*map(float, names.METRICS[histogram].buckets), float("inf"))
