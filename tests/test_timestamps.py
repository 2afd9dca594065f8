"""Times are ISO 8601 for machines and spans for people."""

import pytest

from mooring.timestamps import ago, iso, span


def test_iso_is_utc_to_the_second() -> None:
    assert iso(1_767_225_600.9) == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0 s"), (0.9, "0 s"), (59, "59 s"), (61, "1 min"), (7_300, "2 h"), (86_400, "1 day"), (200_000, "2 days")],
)
def test_a_span_is_said_in_its_largest_unit(seconds: float, said: str) -> None:
    assert span(seconds) == said


def test_the_past_is_ago_and_the_future_is_ahead() -> None:
    assert ago(100, 280) == "3 min ago"
    assert ago(280, 100) == "in 3 min"
