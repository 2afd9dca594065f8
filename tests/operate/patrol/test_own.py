"""What is looked at of the environment itself: its disk, database, budget and scheduled jobs."""

import os
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from mooring.operate.patrol.looks import disk
from mooring.spec.patrol import Job
from mooring.state.records import heartbeats
from mooring.state.runs import spend
from mooring.state.runs.spend import Spent
from mooring.state.transactions import Transactions
from tests.operate.patrol.conftest import Round
from tests.operate.patrol.proxy import closed
from tests.postgres import Cluster

MIDDLE = datetime(2026, 11, 15, 12, tzinfo=UTC).timestamp()
BUDGET = {"kind": "token-budget", "usdPerMonth": 100}


def spent(looked: Round, day: str, tenant: str, usd: float) -> None:
    assert looked.around.database
    fresh = {(tenant, "key", "agent"): Spent(1, 1000, usd)}
    looked.around.database.write(partial(spend.add, day=day, fresh=fresh))


def test_a_months_spend_is_held_against_its_budget(looked: Round) -> None:
    looked.around.now = MIDDLE
    spent(looked, "2026-10-31", "acme", 500)
    spent(looked, "2026-11-01", "acme", 40)
    assert looked.one(BUDGET) == ("ok", "40.00 of 100.00 USD since 2026-11-01 (40%)")
    spent(looked, "2026-11-15", "other", 45)
    assert looked.one(BUDGET)[0] == "warn"
    assert looked.one({**BUDGET, "name": "acme", "tenant": "acme"})[0] == "ok"
    spent(looked, "2026-11-15", "other", 30)
    assert looked.one(BUDGET) == ("alarm", "115.00 of 100.00 USD since 2026-11-01 (115%)")


def test_without_a_database_nothing_is_known_of_a_budget(looked: Round) -> None:
    looked.around.database = None
    assert looked.one(BUDGET) == ("unknown", "the environment has no database yet; moor up makes it")


def beat(looked: Round, job: str, ago: float, *, reported: bool = True) -> None:
    assert looked.around.database
    at = looked.around.now - ago
    looked.around.database.write(partial(heartbeats.beat, job=job, outcome="failure", now=at, reported=reported))


def test_jobs_that_reported_in_time_are_ok_and_others_are_not(looked: Round) -> None:
    check = {"name": "jobs", "kind": "heartbeat"}
    assert {each.last.state for each in looked(check)} == {"unknown"}
    looked.before.clear()
    beat(looked, "export-state", 3 * 3600)
    beat(looked, "drift", 600)
    found = {each.last.check: (each.last.state, each.last.detail) for each in looked(check)}
    assert found == {
        "jobs/drift": ("ok", "reported 10 min ago"),
        "jobs/behaviour": ("ok", "has not reported yet, and is not due"),
        "jobs/export-state": ("alarm", "has not reported for 3 h 0 min, and runs every 1 h 0 min"),
        "jobs/verify-backup": ("ok", "has not reported yet, and is not due"),
        "jobs/live-drills": ("ok", "has not reported yet, and is not due"),
    }
    (one,) = looked({**check, "jobs": ["patrol"]})
    assert (one.last.check, one.last.detail) == ("jobs/patrol", "has not reported yet, and runs every 15 min")


def test_documents_name_the_jobs_that_there_are() -> None:
    assert set(get_args(Job)) == set(heartbeats.JOBS)


def statvfs(used: float, files: float) -> Any:
    names = {
        "f_frsize": 4096,
        "f_blocks": 1000,
        "f_bfree": 1000 - int(used * 1000),
        "f_bavail": 1000 - int(used * 1000),
    }
    return type("Statvfs", (), {**names, "f_files": 1000, "f_ffree": 1000 - int(files * 1000)})()


@pytest.mark.parametrize(
    ("used", "files", "state", "said"),
    [
        (0.5, 0.1, "ok", "50% full"),
        (0.85, 0.1, "warn", "GiB are left"),
        (0.95, 0.1, "alarm", "95% full"),
        (0.1, 0.95, "alarm", "50 files are left"),
    ],
)
def test_a_disk_is_full_by_bytes_or_by_files(
    looked: Round, used: float, files: float, state: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: statvfs(used, files))
    found = looked.one({"kind": "disk"})
    assert (found[0], said in found[1]) == (state, True), found


def test_a_real_disk_is_measured_as_df_does(looked: Round, tmp_path: Path) -> None:
    found = disk.measure(tmp_path)
    seen = os.statvfs(tmp_path)
    used = (seen.f_blocks - seen.f_bfree) / (seen.f_blocks - seen.f_bfree + seen.f_bavail)
    assert found.value == pytest.approx(max(used, 1 - seen.f_ffree / (seen.f_files or 1)), abs=0.01)
    looked.around.state = tmp_path / "not/made/yet"
    assert looked.one({"kind": "disk", "okBelowRatio": 2, "alarmAboveRatio": 2})[0] == "ok"
    state, detail = looked.one({"name": "b", "kind": "disk", "path": f"{tmp_path}/none"})
    assert (state, "none cannot be looked at" in detail) == ("alarm", True)


def test_a_database_is_asked_its_own_or_another(looked: Round, cluster: Cluster) -> None:
    assert looked.one({"kind": "sql"}) == ("ok", "")
    check = {"kind": "sql", "secretRef": "env:SHOP_URL", "okBelowSeconds": 9, "alarmAboveSeconds": 9}
    looked.around.environ = {"SHOP_URL": cluster.fresh()}
    assert looked.one(check) == ("ok", "")
    looked.around.environ = {"SHOP_URL": f"postgresql://ann:hunter22@127.0.0.1:{closed()}/shop"}
    state, detail = looked.one(check)
    assert (state, "refused" in detail, "hunter22" in detail) == ("alarm", True, False)


def test_an_own_database_that_does_not_answer_is_an_alarm(looked: Round, cluster: Cluster) -> None:
    looked.around.database = Transactions(f"postgresql://nobody@127.0.0.1:{closed()}/none")
    state, detail = looked.one({"kind": "sql"})
    assert (state, detail.startswith("the environment's database:")) == ("alarm", True)
