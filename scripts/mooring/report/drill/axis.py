"""The time axis of a drill: all of a short trace, and of a long one the times that were lived through, side by side."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from mooring.drill.schedule import Window

WIDTH = 1000.0
"""Units of the axis, however wide it is on a screen."""

APART, LEFT_OUT = 1.2, 0.4
"""Gaps between episodes, and for what is left out within one, in widths of a bin."""

LONG = 90.0
"""Seconds; of a sampled trace, a window that is longer has two bins."""

DAY = 86400
STEPS = (60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, DAY, 7 * DAY, 28 * DAY, 84 * DAY)
"""Seconds between two ticks."""

TICKS = 7
"""At most so many are told."""


@dataclass(frozen=True)
class Bin:
    """A piece of time in seconds, and where it is drawn."""

    start: float
    end: float
    left: float
    right: float


@dataclass(frozen=True)
class Group:
    """Bins of one episode, or of one healthy moment; of a short trace all of them."""

    bins: tuple[Bin, ...]

    @property
    def start(self) -> float:
        return self.bins[0].start

    @property
    def end(self) -> float:
        return self.bins[-1].end

    def at(self, moment: float) -> float:
        """Where a moment is drawn; one that is left out is at the end of what is drawn before it."""
        place = max(0, bisect_right([each.start for each in self.bins], moment) - 1)
        each = self.bins[place]
        share = (moment - each.start) / (each.end - each.start)
        return each.left + (each.right - each.left) * min(max(share, 0.0), 1.0)


@dataclass(frozen=True)
class Axis:
    """`sampled` says that time is left out between groups."""

    groups: tuple[Group, ...]
    sampled: bool

    @property
    def bins(self) -> tuple[Bin, ...]:
        """All of them, in order."""
        return tuple(each for group in self.groups for each in group.bins)

    def ticks(self) -> list[tuple[float, str]]:
        """Where moments are told below the axis, and how."""
        if self.sampled:
            starts = _spread([(group.start, group.bins[0].left) for group in self.groups])
            return [(where, _day(moment)) for moment, where in starts]
        (group,) = self.groups
        step = next((step for step in STEPS if group.end / step <= TICKS), STEPS[-1])
        told = _day if step >= DAY else _time
        return [(group.at(moment), told(moment)) for moment in range(0, int(group.end) + 1, step)]


def axis(windows: Sequence[Window], most: int) -> Axis:
    """Of the times lived through; all of a short trace has `most` bins."""
    if all(window.stratum == "whole" for window in windows):
        return Axis((Group(tuple(_even(windows[0].start, windows[-1].end, most))),), sampled=False)
    return Axis(tuple(_side_by_side(windows)), sampled=True)


def _even(start: float, end: float, most: int) -> Iterator[Bin]:
    moments = [start + (end - start) * number / most for number in range(most + 1)]
    for number, (first, last) in enumerate(pairwise(moments)):
        yield Bin(first, last, WIDTH * number / most, WIDTH * (number + 1) / most)


def _side_by_side(windows: Sequence[Window]) -> Iterator[Group]:
    """Every bin is as wide as another, whatever time it stands for."""
    groups = [list(_cut(list(each))) for _, each in groupby(windows, key=lambda window: window.cluster)]
    at, placed = 0.0, list[list[tuple[float, float, float]]]()
    for pieces in groups:
        row: list[tuple[float, float, float]] = []
        for number, (start, end) in enumerate(pieces):
            at += LEFT_OUT if number and start > pieces[number - 1][1] + 1 else 0.0
            row.append((start, end, at))
            at += 1
        placed.append(row)
        at += APART
    scale = WIDTH / (at - APART)
    for row in placed:
        yield Group(tuple(Bin(start, end, left * scale, (left + 1) * scale) for start, end, left in row))


def _cut(windows: Sequence[Window]) -> Iterator[tuple[float, float]]:
    """What counts of each window, a long one in halves."""
    for window in windows:
        middle = (window.counts + window.end) / 2
        long = window.end - window.counts > LONG
        yield from pairwise([window.counts, middle, window.end] if long else [window.counts, window.end])


def _spread(found: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    last = -WIDTH
    for moment, where in found:
        if where - last >= WIDTH / TICKS:
            last = where
            yield moment, where


def _day(moment: float) -> str:
    return f"day {int(moment // DAY) + 1}"


def _time(moment: float) -> str:
    return f"{int(moment // 3600)}:{int(moment % 3600 // 60):02}"
