"""Promises judged by the samples that the monitor keeps, and the reasons for which it cannot be done."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring import metrics
from mooring.errors import Failed
from mooring.operate.objectives.check import judge
from mooring.operate.objectives.sampled import Sampled
from mooring.operate.records import Records
from mooring.operate.samples import MINUTE, RISES, TICKS, needed, packed, reduced
from mooring.state.place.address import url_of
from mooring.state.records import samples
from mooring.state.transactions import Transactions
from tests.operate.objectives.document import document

NOW = 1_795_000_000 // MINUTE * MINUTE + 10
"""Ten seconds into a minute."""


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    """Of an environment whose database is there."""
    database = Transactions(url_of(tmp_path / "state", None, "local"))
    database.read(lambda _connection: None)
    database.close()
    opened = Records(tmp_path, tmp_path / "state", "local", {})
    yield opened
    opened.close()


def sample(records: Records, age: int, answered: float, failed: float, up: float) -> None:
    """What one machine had counted so many minutes ago; `up` of ten looks saw it up."""
    counted: dict[Any, float] = {
        (f"{metrics.REQUESTS}_total", (("end", "answered"),)): answered,
        (f"{metrics.REQUESTS}_total", (("end", "failed"),)): failed,
        (f"{metrics.UP}{TICKS}", ()): answered / 10,
        (f"{metrics.UP}{RISES}", ()): up,
    }
    wanted = needed(document())
    data = packed(reduced(counted, wanted), wanted)
    database = records.database()
    assert database is not None
    database.write(lambda connection: samples.put(connection, "this", NOW // MINUTE - age, data))


def sampled(records: Records) -> Sampled:
    return Sampled(records, document(), lambda: NOW)


def test_each_objective_is_judged_over_its_own_window(records: Records) -> None:
    sample(records, 60 * 24 * 40, 0, 0, 0)  # before every window: where the month begins
    sample(records, 60 * 24 * 2, 1000, 100, 100)
    sample(records, 0, 2000, 100, 200)
    judged = judge("local", document(), [sampled(records)])
    uptime = next(one for one in judged.measured if one.name == "uptime")
    assert judged.source == "the samples of its monitor"
    assert uptime.events == 2100
    assert uptime.value == pytest.approx(2000 / 2100)
    assert uptime.holds is False


def test_time_that_it_was_down_counts(records: Records) -> None:
    sample(records, 10, 1000, 0, 100)
    sample(records, 0, 2000, 0, 150)
    judged = judge("local", document(), [sampled(records)])
    uptime = next(one for one in judged.measured if one.name == "uptime")
    assert (uptime.value, uptime.holds) == (0.5, False)


def test_without_samples_it_is_said(records: Records) -> None:
    with pytest.raises(Failed, match="has taken no sample yet"):
        sampled(records).windows()


def test_one_sample_is_the_beginning_of_a_window_and_no_window(records: Records) -> None:
    sample(records, 0, 1000, 0, 100)
    with pytest.raises(Failed, match="has taken one sample so far"):
        sampled(records).windows()


def test_a_monitor_that_stopped_says_nothing_of_now(records: Records) -> None:
    sample(records, 60, 1000, 0, 100)
    sample(records, 30, 2000, 0, 200)
    with pytest.raises(Failed, match="took its last sample 30 min ago"):
        sampled(records).windows()


def test_an_environment_without_a_database_is_no_crash(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="has taken no sample yet"):
        sampled(Records(tmp_path, tmp_path / "nothing", "local", {})).windows()
