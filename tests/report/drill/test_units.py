"""Figures say neither more nor less than was measured."""

import pytest

from mooring.drill.quantities import Interval
from mooring.drill.verdict import Loss, judge
from mooring.report.drill.units import between, clock, gained, hours, length, percent
from mooring.report.drill.values import Report, Trace
from mooring.report.drill.wording import loss
from tests.report.drill.story import lived, outage, year


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0"),
        (1.0, "100"),
        (0.9612, "96.12"),
        (0.9996, "99.960"),
        (0.9999999, "99.999"),
        (0.0000001, "0.001"),
        (0.00042, "0.042"),
    ],
)
def test_only_all_is_told_as_all_and_only_nothing_as_nothing(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (1.25, "1.2 s"),
        (39.4, "39 s"),
        (612, "10 min"),
        (270, "4.5 min"),
        (7920, "2.2 h"),
        (432_000, "5 days"),
    ],
)
def test_times_have_the_unit_that_fits(seconds: float, text: str) -> None:
    assert length(seconds) == text


def test_moments_of_a_long_trace_are_days() -> None:
    assert clock(871.0, 1) == "0:14:31"
    assert clock(2_185_646.0, 8760) == "day 26, 07:07"


def test_intervals_of_what_never_differed_claim_nothing() -> None:
    assert between(Interval(1.0, 1.0, 1.0)) == "none failed"
    assert between(Interval(0.951, 0.97, 1.0)) == "95.10-100"
    assert gained(Interval(0.0, 0.0, 0.0)) == "0"
    assert gained(Interval(-0.0012, 0.0252, 0.0512)) == "+2.52 (-0.12 to +5.12)"
    assert hours(0.0036) == "32"


def trace(of_a_year: bool) -> Trace:
    found = {"d": lived(year() if of_a_year else outage())}
    return Report.of(found, judge(found, ())).traces[0]


@pytest.mark.parametrize(
    ("of_a_year", "what", "numbers", "text"),
    [
        (
            True,
            "availability",
            (0.9997, 0.9961, -0.0047, -0.0025),
            "availability 99.970 % → 99.61 %, 32 hours a year more down (95 % interval 22 to 41)",
        ),
        (
            False,
            "availability",
            (0.9997, 0.9961, -0.0047, -0.0025),
            "availability 99.970 % → 99.61 %, 0.36 points less (95 % interval 0.25 to 0.47)",
        ),
        (
            True,
            "answered by L0 or L1",
            (0.99, 0.96, -0.04, -0.02),
            "answered by L0 or L1 99.00 % → 96.00 %, 3.00 points less (95 % interval 2.00 to 4.00)",
        ),
        (
            True,
            "mean seconds",
            (1.4, 3.2, -2.4, -1.2),
            "mean time 1.4 s → 3.2 s, 1.8 s more (95 % interval 1.2 to 2.4)",
        ),
    ],
)
def test_a_loss_is_told_with_both_sides_and_what_it_means(
    of_a_year: bool, what: str, numbers: tuple[float, float, float, float], text: str
) -> None:
    assert loss(Loss("d", what, *numbers), trace(of_a_year)) == f"d: {text}"
