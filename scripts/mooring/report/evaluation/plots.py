"""Distributions before and now, as coordinates that a template draws."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mooring.evaluate.behaviour.values import Behaviour
from mooring.report.evaluation.wording import dollars, seconds

WIDTH, ROW, LEFT = 320.0, 56.0, 8.0
"""Of the drawing, of one side in it, and of the margin; in units of its view box."""

BINS = 24


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Row:
    """One side: bars on `floor`, and the position of the median."""

    name: str
    floor: float
    bars: tuple[Bar, ...]
    median: float
    says: str


@dataclass(frozen=True)
class Plot:
    """`rows` are before and now on one axis from `low` to `high`; empty when nothing was measured, then `says` why."""

    title: str
    says: str
    rows: tuple[Row, ...] = ()
    low: str = ""
    high: str = ""

    @property
    def height(self) -> float:
        return ROW * len(self.rows) + 20


def plots(behaviour: Behaviour) -> tuple[Plot, ...]:
    """Score, cost and latency of every judged trial."""
    old, new = behaviour.old, behaviour.new
    late = "" if behaviour.evidence == "live" else f", the evidence is {behaviour.evidence}"
    return (
        _plot("Score", old.scores, new.scores, lambda number: f"{number:.2f}", "no trial was judged", 1.0),
        _plot("Cost of a trial", old.costs_usd, new.costs_usd, dollars, "no price is known"),
        _plot("Latency", old.latencies_seconds, new.latencies_seconds, seconds, f"not measured{late}"),
    )


def _plot(
    title: str,
    old: Sequence[float],
    new: Sequence[float],
    unit: Callable[[float], str],
    why_not: str,
    most: float | None = None,
) -> Plot:
    high = most or max([*old, *new], default=0.0)
    if high <= 0:
        return Plot(title, why_not)
    sides = [(name, values) for name, values in (("before", old), ("now", new)) if values]
    rows = tuple(_row(name, values, high, unit, number) for number, (name, values) in enumerate(sides))
    says = "; ".join(f"{row.name}: {row.says}" for row in rows)
    return Plot(title, says, rows, unit(0.0), unit(high))


def _row(name: str, values: Sequence[float], high: float, unit: Callable[[float], str], number: int) -> Row:
    """The tallest bar of a side fills its row: sides may have different numbers of trials."""
    counts = [0] * BINS
    for value in values:
        counts[min(max(math.floor(value / high * BINS), 0), BINS - 1)] += 1
    step, floor, tallest = (WIDTH - 2 * LEFT) / BINS, ROW * (number + 1), max(counts)
    bars = tuple(
        Bar(round(LEFT + n * step + 0.5, 2), round(floor - height, 2), round(step - 1, 2), round(height, 2))
        for n, found in enumerate(counts)
        if found and (height := max((ROW - 18) * found / tallest, 1.5))
    )
    middle = statistics.median(values)
    at = round(LEFT + min(max(middle / high, 0.0), 1.0) * (WIDTH - 2 * LEFT), 2)
    return Row(name, floor, bars, at, f"median {unit(middle)} of {len(values):,} trials")
