"""What breaks is what was made too small."""

from typing import Any

import pytest

from mooring.drill.scale import breaking, limits
from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.breaking import Growth, grow, surge
from tests.drill.scale.made_up import cell

pytestmark = pytest.mark.slow

GIVEN = Assumptions()


def grown(**values: Any) -> Growth:
    return grow(cell(rate=30.0, **values), GIVEN, 0)


@pytest.mark.parametrize(
    ("values", "part", "at"),
    [
        ({"model_calls": 1.0, "calls_per_second": 60.0}, breaking.QUOTA, 2.0),
        ({"model_calls": 1.0, "tokens_per_second": 9000.0, "tokens_per_call": 100.0}, breaking.QUOTA, 3.0),
        ({"database_servers": 2, "database_seconds": 0.022}, limits.PROCESSOR, 3.0),
        ({"flush_seconds": 0.1, "connections": 6}, breaking.POOLED, 2.0),
    ],
)
def test_the_part_that_was_made_too_small_breaks_where_arithmetic_says(
    values: dict[str, Any], part: str, at: float
) -> None:
    found = grown(**values, pods=1) if part != breaking.POOLED else surge(cell(rate=30.0, **values), GIVEN, 0)
    assert found.breaks is not None
    assert found.breaks.broken == part
    assert found.breaks.times == pytest.approx(at, rel=0.12)
    assert found.holds < found.breaks.times


@pytest.mark.parametrize(
    ("values", "part", "at"),
    [
        ({"worker_seconds": 0.015}, limits.WORKERS, 2.2),
        ({"in_flight": 120, "model_calls": 1.0}, limits.FLIGHT, 2.35),
    ],
)
def test_a_jump_breaks_what_pods_that_come_too_late_would_have_relieved(
    values: dict[str, Any], part: str, at: float
) -> None:
    found = surge(cell(rate=30.0, **values), GIVEN, 0)
    assert found.breaks is not None
    assert found.breaks.broken == part
    assert found.breaks.times == pytest.approx(at, rel=0.12)
    assert grown(**values).holds > found.holds


def test_what_is_broken_as_it_was_planned_does_not_hold_at_all() -> None:
    found = grown(database_seconds=0.04)
    assert (found.holds, found.planned.broken) == (0.0, limits.PROCESSOR)
    assert found.breaks == found.planned


def test_what_nothing_breaks_holds_as_far_as_is_looked() -> None:
    assert grown() == grown()
    assert (grown().holds, grown().breaks) == (breaking.MOST_TIMES, None)


def test_pods_that_come_sooner_allow_a_larger_jump() -> None:
    slow = cell(rate=30.0, worker_seconds=0.02)
    late, soon = (surge(slow, Assumptions(lag_seconds=lag), 0) for lag in (120.0, 2.0))
    assert late.holds < soon.holds
