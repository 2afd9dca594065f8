"""A scheduled job that has not reported for two of its periods is late, whether it ran or not."""

from collections.abc import Iterator

import pytest

from mooring.state.records.heartbeats import JOBS, Late, beat, heartbeats, late
from mooring.state.transactions import Transactions

HOUR = 3600.0


@pytest.fixture
def database(database_url: str) -> Iterator[Transactions]:
    opened = Transactions(database_url)
    yield opened
    opened.close()


def told(database: Transactions, job: str, now: float, outcome: str = "success", *, reported: bool = True) -> None:
    database.write(lambda connection: beat(connection, job, outcome, now, reported=reported))


def found(database: Transactions, now: float) -> list[Late]:
    """Jobs that are late while the patrol, which runs most often, is in time."""
    if database.read(heartbeats):
        told(database, "patrol", now)
    return late(database.read(heartbeats), now)


def names(database: Transactions, now: float) -> list[str]:
    return [each.job for each in found(database, now)]


def test_where_no_job_ever_ran_none_is_late(database: Transactions) -> None:
    assert names(database, 1e9) == []


def test_a_job_is_late_after_two_of_its_periods(database: Transactions) -> None:
    told(database, "drift", 0.0)
    told(database, "export-state", 0.0)
    assert names(database, 1.0 * HOUR) == []
    assert names(database, 1.1 * HOUR) == ["drift"]
    assert names(database, 2.1 * HOUR) == ["drift", "export-state"]
    told(database, "drift", 2.1 * HOUR, "failure")
    assert names(database, 2.2 * HOUR) == ["export-state"]


@pytest.mark.slow
def test_a_job_that_never_ran_is_late_too_once_another_one_has(database: Transactions) -> None:
    told(database, "drift", 0.0)
    for hours in range(1, 15 * 24):
        told(database, "drift", hours * HOUR)
        told(database, "export-state", hours * HOUR)
    (behaviour, verify) = found(database, 14.9 * 24 * HOUR)
    assert (behaviour.job, behaviour.reported, behaviour.ran) == ("behaviour", None, None)
    assert (verify.job, verify.period) == ("verify-backup", JOBS["verify-backup"])


def test_a_job_that_runs_somewhere_else_is_late_only_where_it_ran(database: Transactions) -> None:
    late, weeks = 4 * 7 * 24 * HOUR, 7 * 24 * HOUR
    told(database, "drift", 0.0)
    assert "live-drills" not in names(database, late)
    told(database, "live-drills", weeks)
    assert "live-drills" in names(database, late)


def test_a_job_that_runs_and_cannot_report_is_late(database: Transactions) -> None:
    told(database, "drift", 0.0)
    told(database, "drift", 0.9 * HOUR, "failure", reported=False)
    (drift,) = found(database, 1.1 * HOUR)
    assert (drift.job, drift.reported, drift.ran) == ("drift", 0.0, 0.9 * HOUR)
    kept, _ = database.read(heartbeats)
    assert (kept.outcome, kept.first, kept.reported) == ("failure", 0.0, 0.0)
