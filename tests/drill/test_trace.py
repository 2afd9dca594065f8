"""Incidents that are drawn follow the figures that were published of them."""

from itertools import pairwise
from statistics import median

import pytest

from mooring.drill.trace import expand
from tests.drill.conftest import drill

YEAR = {"hours": 8760, "sample": 8}
VENDOR = {"rung": "L0", "share": 0.0363, "medianMinutes": 75, "p90Minutes": 301, "mostMinutes": 1890}


@pytest.mark.parametrize("seed", range(5))
def test_incidents_are_open_for_their_share_of_the_time_and_never_overlap(seed):
    outages = expand(drill(random=[VENDOR], **YEAR), seed)
    assert sum(outage.seconds for outage in outages) == pytest.approx(0.0363 * 8760 * 3600, abs=61)
    assert all(one.end <= other.start for one, other in pairwise(outages))
    assert outages[0].start >= 0
    assert outages[-1].end <= 8760 * 3600 + 1


def test_durations_have_the_median_and_the_ninth_decile_that_they_should():
    minutes = sorted(
        outage.seconds / 60 for seed in range(30) for outage in expand(drill(random=[VENDOR], **YEAR), seed)
    )
    assert median(minutes) == pytest.approx(75, rel=0.1)
    assert minutes[int(0.9 * len(minutes))] == pytest.approx(301, rel=0.15)
    assert minutes[-1] <= 1890


def test_another_seed_is_another_year_and_the_same_one_is_the_same():
    asked = drill(random=[VENDOR], **YEAR)
    assert expand(asked, 1) == expand(asked, 1) != expand(asked, 2)


def test_a_share_of_the_incidents_takes_the_other_rung_along():
    outages = expand(drill(random=[VENDOR | {"also": "L1", "correlation": 0.5}], **YEAR), 0)
    both = sum(outage.rungs == ("L0", "L1") for outage in outages)
    assert 0.3 < both / len(outages) < 0.7


def test_severities_lie_between_the_least_and_the_most():
    outages = expand(drill(random=[VENDOR | {"leastSeverity": 0.1, "severity": 0.6}], **YEAR), 0)
    assert 0.1 <= min(outage.severity for outage in outages) < 0.2
    assert 0.5 < max(outage.severity for outage in outages) <= 0.6


def test_a_listed_incident_ends_with_the_trace():
    (outage,) = expand(drill(incidents=[{"vendor": "openai", "start": 0.5, "end": 3}]), 0)
    assert (outage.start, outage.end, outage.vendor) == (1800, 3600, "openai")
