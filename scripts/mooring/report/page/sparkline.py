"""A course of values as the coordinates of a small line, which a template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 160.0, 36.0, 3.0
"""Of the drawing and of its margin, in units of its view box."""


@dataclass(frozen=True)
class Sparkline:
    """`lines` are the points of each piece of the line: values that are not known interrupt it. `goal` is the height of
    the target, None where it is out of sight. `count`, `low`, `high` and `last` are for whoever does not see it."""

    lines: tuple[str, ...]
    end: tuple[float, float]
    goal: float | None
    count: int
    low: float
    high: float
    last: float


def sparkline(values: Sequence[float | None], target: float | None = None) -> Sparkline | None:
    """The drawing of a course, the oldest value first; None when fewer than two values are known."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    if target is not None and low - (high - low) <= target <= high + (high - low):
        low, high = min(low, target), max(high, target)
    step = (WIDTH - 2 * EDGE) / max(len(values) - 1, 1)

    def up(value: float) -> float:
        share = (value - low) / (high - low) if high > low else 0.5
        return round(HEIGHT - EDGE - share * (HEIGHT - 2 * EDGE), 2)

    points = [None if value is None else (round(EDGE + n * step, 2), up(value)) for n, value in enumerate(values)]
    pieces: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            pieces.append([])
        else:
            pieces[-1].append(point)
    drawn = [piece if len(piece) > 1 else [piece[0], piece[0]] for piece in pieces if piece]
    lines = tuple(" ".join(f"{x},{y}" for x, y in piece) for piece in drawn)
    goal = up(target) if target is not None and low <= target <= high else None
    return Sparkline(lines, drawn[-1][-1], goal, len(known), min(known), max(known), known[-1])
