"""Paths of SVG: boxes of what came of questions, and lines of how long answers took."""

import math
from collections.abc import Iterable, Iterator, Sequence

from mooring.report.drill.axis import Bin
from mooring.report.drill.lanes import Cell

HEIGHT = 100.0
"""Units of a strip, however tall it is on a screen."""

FASTEST, SLOWEST = 0.5, 1000.0
"""Seconds, the ends of the logarithmic scale of latency."""

Box = tuple[float, float, float, float]
"""Left, right, top and bottom."""


def stacked(found: Sequence[Cell], bins: Sequence[Bin], place: int) -> Iterator[Box]:
    """Boxes of one outcome; the best lie at the bottom."""
    for cell, each in zip(found, bins, strict=True):
        if cell.counts[place]:
            below = sum(cell.counts[:place]) / cell.asked * HEIGHT
            tall = cell.counts[place] / cell.asked * HEIGHT
            yield each.left, each.right, HEIGHT - below - tall, HEIGHT - below


def path(boxes: Iterable[Box]) -> str:
    """Of boxes; those beside each other are one where they have the same height."""
    joined: list[list[float]] = []
    for left, right, top, bottom in boxes:
        if joined and joined[-1][1] >= left - 0.01 and joined[-1][2:] == [top, bottom]:
            joined[-1][1] = max(right, joined[-1][1])
        else:
            joined.append([left, right, top, bottom])
    return "".join(
        f"M{_short(left)} {_short(top)}H{_short(right)}V{_short(bottom)}H{_short(left)}z"
        for left, right, top, bottom in joined
    )


def latency(found: Sequence[Cell], bins: Sequence[Bin]) -> str:
    """A line for each piece of time, from the median to the slowest answer."""
    return "".join(
        f"M{_short((each.left + each.right) / 2)} {height(cell.median) + 2:.0f}V{height(cell.slowest):.0f}"
        for cell, each in zip(found, bins, strict=True)
        if cell.asked
    )


def height(seconds: float) -> float:
    """Where a time is drawn, on a logarithmic scale."""
    share = math.log(min(max(seconds, FASTEST), SLOWEST) / FASTEST) / math.log(SLOWEST / FASTEST)
    return round((1 - share) * HEIGHT, 1)


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
