"""Moments that are lived through stand for the whole trace."""

from collections import Counter
from itertools import pairwise

import pytest

from mooring.drill.schedule import arrivals, episodes, windows
from mooring.drill.trace import expand
from tests.drill.conftest import QUESTION, drill

TWO = [
    {"rung": "L0", "share": 0.0363, "medianMinutes": 75, "p90Minutes": 301, "mostMinutes": 1890},
    {"rung": "L1", "share": 0.0217, "medianMinutes": 47, "p90Minutes": 251, "mostMinutes": 3030},
]
YEAR = drill("year", hours=8760, perMinute=15, sample=16, random=TWO)


@pytest.mark.parametrize("seed", range(4))
def test_weights_add_up_to_the_year_and_to_the_share_in_which_a_vendor_fails(seed):
    outages = expand(YEAR, seed)
    found = windows(YEAR, outages, seed)
    lived = sum((window.end - window.counts) * window.weight for window in found)
    assert lived == pytest.approx(YEAR.seconds)
    failing = sum(
        (window.end - window.counts) * window.weight
        for window in found
        if any(outage.start <= window.counts < outage.end for outage in outages)
    )
    open_ = sum(episode.end - episode.start for episode in episodes(outages))
    assert failing == pytest.approx(open_, rel=0.02)


def test_moments_are_in_order_and_none_lies_in_another():
    found = windows(YEAR, expand(YEAR, 0), 0)
    assert all(one.end <= other.start for one, other in pairwise(found))
    assert all(window.start <= window.counts < window.end for window in found)


def test_every_time_in_which_both_vendors_fail_is_lived_through():
    outages = expand(YEAR, 0)
    several = {episode.outages[0].number for episode in episodes(outages) if len(episode.outages) > 1}
    assert several
    assert several <= {window.cluster for window in windows(YEAR, outages, 0)}


def test_a_short_trace_is_lived_through_as_a_whole():
    asked = drill(incidents=[{"rung": "L0", "start": 0.2, "end": 0.4}])
    found = windows(asked, expand(asked, 0), 0)
    assert [(window.start, window.end, window.weight) for window in found] == [(0, 720, 1), (720, 3600, 1)]


def test_questions_come_at_their_rate_and_more_often_in_a_surge():
    asked = drill(hours=10, perMinute=6, surges=[{"start": 4, "end": 5, "times": 5}])
    by_hour = Counter(int(arrival.at // 3600) for arrival in arrivals(asked, [QUESTION], (), 0))
    assert by_hour[4] == pytest.approx(1800, rel=0.1)
    assert by_hour[0] == pytest.approx(360, rel=0.25)


def test_the_same_seed_asks_the_same_at_the_same_moments():
    outages = expand(YEAR, 3)
    assert arrivals(YEAR, [QUESTION], outages, 3) == arrivals(YEAR, [QUESTION], outages, 3)


def test_a_trace_without_incidents_is_a_healthy_day():
    asked = drill(hours=24, sample=4)
    assert [(window.start, window.end) for window in windows(asked, (), 0)] == [(0, 86400)]
