"""A course of values stays inside its drawing, is interrupted where nothing is known, and shows a target in sight."""

from hypothesis import given
from hypothesis import strategies as st

from mooring.report.page.sparkline import HEIGHT, WIDTH, sparkline

NUMBERS = st.floats(-1e9, 1e9)


@given(st.lists(st.none() | NUMBERS, max_size=50), st.none() | NUMBERS)
def test_every_point_lies_inside_and_nothing_is_invented(values: list[float | None], target: float | None) -> None:
    drawn = sparkline(values, target)
    known = [value for value in values if value is not None]
    if len(known) < 2:
        assert drawn is None
        return
    assert drawn is not None
    points = [tuple(map(float, point.split(","))) for line in drawn.lines for point in line.split()]
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
    assert drawn.goal is None or 0 <= drawn.goal <= HEIGHT
    assert (drawn.count, drawn.low, drawn.high, drawn.last) == (len(known), min(known), max(known), known[-1])


def test_a_gap_interrupts_the_line() -> None:
    drawn = sparkline([1, 2, None, 3, None])
    assert drawn is not None
    assert [len(line.split()) for line in drawn.lines] == [2, 2]


def test_a_target_far_away_does_not_flatten_the_course() -> None:
    near, far = sparkline([1.0, 2.0], 2.5), sparkline([1.0, 2.0], 900.0)
    assert near is not None
    assert far is not None
    assert (near.goal is not None, far.goal) == (True, None)
