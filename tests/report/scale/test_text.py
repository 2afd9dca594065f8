"""The terminal shows what a rate needs, where parts end and what was simulated."""

from collections.abc import Callable

import pytest

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.scaled import scale
from mooring.report.scale.text import text
from mooring.report.scale.units import dollars, gigabytes, percent, seconds, short, times
from tests.drill.scale.made_up import figures

GIVEN = Assumptions()


@pytest.mark.slow
def test_a_rate_reads_like_this(golden: Callable[[str, str], None]) -> None:
    golden("drill/scale.txt", text(scale((250,), figures(), GIVEN, 0, lambda _: None), figures(), GIVEN))


def test_numbers_have_as_many_digits_as_they_mean() -> None:
    assert [short(value) for value in (0, 0.004, 0.42, 4.21, 42.1, 421.6, 4216, 421_600, 4.2e6, 4.2e9, 4.2e12)] == [
        "0", "0.0040", "0.42", "4.2", "42", "422", "4,220", "422,000", "4.2 million", "4.2 billion", "4.2 trillion",
    ]  # fmt: skip


def test_units_are_those_that_people_use() -> None:
    assert [gigabytes(0.5), gigabytes(2100)] == ["0.50 GB", "2.1 TB"]
    assert [seconds(0.0066), seconds(8.2)] == ["6.6 ms", "8.2 s"]
    assert [percent(0), percent(0.013), times(1.254), times(1490), dollars(28_400)] == [
        "0 %", "1.3 %", "1.25x", "1,490x", "$28,400",
    ]  # fmt: skip
