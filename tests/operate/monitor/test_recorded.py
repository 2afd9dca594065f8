"""What is on record of an environment is in its metrics; what is not, has no series."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.monitor.recorded import Recorded, recorded
from mooring.operate.records import Records
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Phase, Requested, Side, State, Switched
from mooring.state.place.location import Location
from mooring.state.records import changes, heartbeats, patrols
from mooring.state.records.patrols import Patrolled
from mooring.state.unavailable import Unavailable

DIGEST = "sha256:" + "a" * 64


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    location = Location(tmp_path, "local")
    opened = Ledger(location)
    opened.read(lambda _statements: None)
    location.remember()
    yield opened
    opened.close()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path, tmp_path, "local")
    yield opened
    opened.close()


def told(records: Records, *objectives: dict[str, Any]) -> dict[str, float]:
    found = recorded(records, {DIGEST}, Recorded(), lambda: objectives)
    return {text: value for family in found.families for text, value in family.samples}


def test_an_environment_without_any_record_says_nothing_of_it(records: Records) -> None:
    assert told(records) == {}


def test_the_ledger_says_who_changes_what_and_when_it_was_switched(ledger: Ledger, records: Records) -> None:
    held = lease.acquire(ledger, "local", "ann", "deploy")
    state = State(phase=Phase.BAKING, live=Side("blue", DIGEST), quarantined="sha256:bad")
    asked = Requested(1000.0, Kind.DEPLOY, DIGEST, commit="c" * 40)
    ledger.append("local", held.token, "ann", asked, state)
    ledger.append("local", held.token, "ann", Switched(1234.5, 0.3), state)
    shown = told(records)
    assert shown["mooring_database_up"] == 1
    assert shown["mooring_lease_held"] == 1
    assert shown["mooring_quarantined"] == 1
    assert shown["mooring_hotfixes"] == 0
    assert shown["mooring_last_switch_timestamp_seconds"] == 1234.5
    assert "mooring_last_copy_timestamp_seconds" not in shown
    assert recorded(records, {DIGEST}, Recorded(), tuple).commits == {DIGEST: "c" * 40}
    lease.release(ledger, held)
    assert told(records)["mooring_lease_held"] == 0


def test_exports_jobs_patrol_and_objectives_are_said(ledger: Ledger, records: Records) -> None:
    database = records.database()
    assert database
    long_ago = time.time() - 30 * 86400
    database.write(lambda connection: changes.tell(connection, "copy", 50.0))
    database.write(lambda connection: heartbeats.beat(connection, "drift", "ok", long_ago, reported=True))
    seen = Patrolled("redis", "redis-ping", "alarm", 1.0, 0, 2.0, "alarm", 0.25, "it does not answer", "")
    database.write(lambda connection: patrols.write(connection, [seen], [], 0.0))
    objectives: tuple[dict[str, Any], ...] = (
        {"name": "uptime", "value": 0.999, "budget": 0.8},
        {"name": "context", "value": None, "budget": None},
    )
    shown = told(records, *objectives)
    assert shown["mooring_last_copy_timestamp_seconds"] == 50
    assert "mooring_last_proof_timestamp_seconds" not in shown
    assert shown['mooring_job_late{job="drift"}'] == 1
    assert shown['mooring_patrol_state{check="redis",kind="redis-ping"}'] == 2
    assert shown['mooring_patrol_seconds{check="redis",kind="redis-ping"}'] == 0.25
    assert shown['mooring_objective_value{objective="uptime"}'] == 0.999
    assert shown['mooring_objective_budget_ratio{objective="uptime"}'] == 0.8
    assert not any("context" in text for text in shown)


def test_a_database_that_cannot_be_read_is_down_and_what_was_known_of_commits_stands(
    ledger: Ledger, records: Records, tmp_path: Path
) -> None:
    (tmp_path / "database.json").write_text(json.dumps({"secretRef": "env:NOBODY_SET_THIS"}))
    known = Recorded(commits={DIGEST: "c" * 40})
    found = recorded(records, {DIGEST}, known, tuple)
    assert {text: value for family in found.families for text, value in family.samples} == {"mooring_database_up": 0}
    assert found.commits == known.commits


def test_the_first_question_that_is_not_answered_is_the_last(
    ledger: Ledger, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each would wait as long for a database that hangs."""
    asked = []

    def hangs() -> Iterator[dict[str, Any]]:
        asked.append("objectives")
        raise Unavailable("the database does not answer")

    found = recorded(records, {DIGEST}, Recorded(), hangs)
    assert [family.name for family in found.families] == ["mooring_database_up"]
    database = records.database()
    assert database
    database.write(lambda connection: connection.exec_driver_sql("drop table heartbeats"))
    found = recorded(records, {DIGEST}, Recorded(), hangs)
    assert [value for family in found.families for _, value in family.samples] == [0]
    assert asked == ["objectives"]
