"""Machines go by the database's clock, however wrong their own one is."""

import asyncio
import logging
import time

import pytest

from mooring.runtime.memory.shared_clock import SharedClock
from mooring.state.database import Database
from tests.postgres import Cluster


class Wrong:
    """A machine's clock that is some seconds ahead."""

    def __init__(self, seconds: float) -> None:
        self._seconds, self._true = seconds, time.time

    def time(self) -> float:
        return self._true() + self._seconds


def measured(database: Database) -> SharedClock:
    async def story() -> SharedClock:
        clock = SharedClock(database)
        await clock.start()
        await clock.close()
        await database.close()
        return clock

    return asyncio.run(story())


@pytest.mark.parametrize("seconds", [300.0, -300.0])
def test_a_clock_that_is_minutes_wrong_is_corrected_and_said(
    cluster: Cluster, seconds: float, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    wrong, true = Wrong(seconds), time.time
    monkeypatch.setattr(time, "time", wrong.time)
    with caplog.at_level(logging.WARNING):
        clock = measured(Database(cluster.fresh()))
    assert clock.ahead == pytest.approx(seconds, abs=0.5)
    assert clock() == pytest.approx(true(), abs=0.5)
    assert "clock differs from the database's" in caplog.text


def test_a_clock_that_is_right_is_not_talked_about(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert measured(Database(database_url)).ahead == pytest.approx(0, abs=0.5)
    assert caplog.text == ""
