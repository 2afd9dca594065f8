"""What points come to, and which of them no other beats."""

import pytest

from mooring.drill.quantities import Interval
from mooring.drill.tune.front import Limits, Summary, front, gained, mean, row, summary
from mooring.drill.tune.space import TODAY, Point
from tests.drill.tune.made_up import answer, seen, trace

NONE = Limits(None, float("inf"))


def made(name: str, availability: float, p99: float, mean_seconds: float, cost: float, excess: float = 0) -> Summary:
    return Summary(Point(((name, 1),)), availability, mean_seconds, p99, cost, excess, (), 1)


def test_every_trace_counts_the_same_and_the_worst_p99_is_told() -> None:
    short = seen(TODAY, trace("short"), [answer(number, 1.0) for number in range(10)])
    long = seen(TODAY, trace("long"), [answer(number, 3.0, good=number % 2 == 0, cost=0.003) for number in range(100)])

    found = summary([short, long], NONE)

    assert found.availability == pytest.approx(0.75)
    assert (found.mean_seconds, found.p99_seconds) == pytest.approx((2.0, 3.0))
    assert found.cost_usd == pytest.approx(2.0)
    assert not found.missed


def test_targets_of_drills_and_limits_are_missed_by_name() -> None:
    slow = seen(TODAY, trace("slow", targets={"p99Seconds": 4}), [answer(number, 5.0) for number in range(20)])
    assert summary([slow], NONE).missed == ("P99 5 in slow (target 4)",)
    assert summary([slow], NONE).excess == pytest.approx(0.25)
    assert summary([slow], Limits(2.5, 100)).missed == ("P99 5 in slow (target 2.5)",)
    dear = summary([slow], Limits(None, 0.5))
    assert "cost above 0.5 USD" in dear.missed
    assert dear.excess > 1
    assert summary([slow], Limits(None, 0.0)).excess > 1


def test_a_thousandth_of_availability_is_worth_a_second() -> None:
    assert made("a", 0.999, 10, 2, 1).loss == pytest.approx(made("b", 1.0, 10, 3, 1).loss)
    assert made("a", 0.999, 10, 2, 1, excess=0.5).loss > made("b", 0.999, 10, 2, 1).loss


def test_the_front_has_no_point_that_another_beats_in_everything() -> None:
    best, quick, cheap = made("best", 0.999, 20, 2, 5), made("quick", 0.99, 10, 1.5, 5), made("cheap", 0.98, 30, 3, 1)
    beaten, missing = made("beaten", 0.98, 25, 2.5, 6), made("missing", 0.999, 20, 2, 5, excess=0.1)
    assert front([cheap, beaten, quick, missing, best]) == [best, quick, cheap]


def test_two_points_that_come_to_the_same_are_both_shown() -> None:
    one, other = made("one", 0.99, 10, 2, 1), made("other", 0.99, 10, 2, 1)
    assert front([one, other]) == [one, other]


def test_the_interval_of_a_mean_is_narrower_than_those_of_its_parts() -> None:
    found = mean([Interval(0.9, 0.95, 0.97), Interval(0.9, 0.95, 0.97)])
    assert found.value == 0.95
    assert 0.9 < found.low < 0.95 < found.high < 0.97


def test_intervals_hold_their_values() -> None:
    answers = [answer(number, 1.0 + number * 7 % 601 / 100, good=number % 9 > 0) for number in range(600)]
    found = row([seen(TODAY, trace("a"), answers)], NONE)
    for each in (found.availability, found.p99_seconds, found.mean_seconds, found.cost_usd):
        assert each.low <= each.value <= each.high
    assert found.p99_seconds.value == found.summary.p99_seconds
    assert found.availability.low < found.availability.high
    assert found.p99_seconds.low < found.p99_seconds.value


def test_a_gain_is_told_from_chance_by_pairs() -> None:
    """Answers differ by seconds from question to question, and only by a tenth from point to point."""
    at = trace("a")
    before = [answer(number, 1.0 + number * 7 % 90) for number in range(600)]
    after = [answer(number, 0.9 + number * 7 % 90) for number in range(600)]
    found = gained([seen(TODAY, at, before)], [seen(Point((("x", 1),)), at, after)])
    assert 0 < found.low <= found.value <= found.high
    assert found.value == pytest.approx(0.0001)
