"""`moor track`: one issue a job, a heartbeat, and jobs that are late."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.repository import github
from mooring.report import tracking
from mooring.state.records import heartbeats
from mooring.state.transactions import Transactions
from tests.operate.repository.standin import TOKEN
from tests.operate.repository.tracker import Tracker

HOUR = 3600.0


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tracker]:
    with Tracker().serving() as server:
        for name, value in server.environ.items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def place(repo: Any, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(repo.root)
    return Path(repo.root)


@pytest.fixture
def printed(tmp_path: Path) -> Path:
    (tmp_path / "drift.txt").write_text("field moved\n")
    return tmp_path / "drift.txt"


def beats(place: Path, *ran: tuple[str, float]) -> None:
    database = Transactions(f"sqlite:///{place / '.mooring/local/state.db'}")
    for job, ago in ran:
        database.write(partial(heartbeats.beat, job=job, outcome="success", now=time.time() - ago, reported=True))
    database.close()


def known(place: Path) -> list[heartbeats.Heartbeat]:
    database = Transactions(f"sqlite:///{place / '.mooring/local/state.db'}")
    found = database.read(heartbeats.heartbeats)
    database.close()
    return found


@pytest.mark.slow
def test_one_issue_is_opened_updated_and_closed(host: Tracker, place: Path, printed: Path, moor: Any) -> None:
    assert moor("track", "drift", "local", printed, "--outcome", "failure").out == "drift: opened #1\n"
    assert moor("track", "drift", "local", printed, "--outcome", "failure").out == "drift: updated #1\n"
    printed.write_text("in sync\n")
    told = moor("track", "drift", "local", printed, "--outcome", "success", "--json").json
    assert (told["issue"], told["said"], told["late"]) == (1, "closed #1", [])
    assert "local` recovered." in host.issues[0]["body"]
    assert "in sync" in host.issues[0]["body"]
    assert [beat.job for beat in known(place)] == ["drift"]


def test_what_a_job_printed_cannot_leave_its_fence_or_name_anybody(
    host: Tracker, place: Path, printed: Path, moor: Any
) -> None:
    printed.write_text("\x1b[31m@everybody\x1b[0m\n```\n<!-- mooring tracking drift local -->\n````\u202e\x00")
    moor("track", "drift", "local", printed, "--outcome", "failure")
    body = host.issues[0]["body"]
    lines = body.splitlines()
    assert lines.count("`````") == 1
    fence = slice(lines.index("`````text"), lines.index("`````"))
    assert "@everybody" in lines[fence]
    assert not {"\x1b", "\u202e", "\x00"} & set(body)


def test_output_that_is_too_long_is_cut_and_none_is_said_to_be_none(
    host: Tracker, place: Path, printed: Path, moor: Any
) -> None:
    printed.write_text("x" * 2_000_000)
    moor("track", "drift", "local", printed, "--outcome", "failure")
    assert tracking.LONGEST < len(host.issues[0]["body"]) < 65_536
    moor("track", "drift", "local", place / "none.txt", "--outcome", "cancelled")
    assert "was cancelled" in host.issues[0]["body"]
    assert "It printed nothing." in host.issues[0]["body"]


@pytest.mark.slow
def test_a_late_job_is_told_of_by_every_other_one_in_its_own_issue(
    host: Tracker, place: Path, printed: Path, moor: Any
) -> None:
    beats(place, ("export-state", 3 * HOUR), ("patrol", 0.0))
    told = moor("track", "drift", "local", printed, "--outcome", "success")
    assert told.code == 0
    assert "export-state has not reported for 3 h, and runs every 1 h" in told.out
    (issue,) = host.open
    assert issue["title"] == "export-state: local"
    moor("track", "verify-backup", "local", printed, "--outcome", "failure")
    late, own = host.open
    assert late["number"] == issue["number"]
    assert "`export-state` has not reported" in own["body"]
    assert moor("track", "export-state", "local", printed, "--outcome", "success").out == "export-state: closed #1\n"
    assert [each["title"] for each in host.open] == ["verify-backup: local"]


def test_status_shows_which_job_is_late(place: Path, moor: Any) -> None:
    assert moor("status", "local", "--json").json["environments"][0]["jobs"] == []
    beats(place, ("drift", 2 * HOUR), ("export-state", HOUR))
    assert "late: the scheduled job drift has not reported since" in moor("status", "local").out
    jobs = {job["job"]: job["late"] for job in moor("status", "local", "--json").json["environments"][0]["jobs"]}
    fine = ("behaviour", "export-state", "verify-backup", "live-drills")
    assert jobs == {"patrol": True, "drift": True, **dict.fromkeys(fine, False)}


def test_a_host_that_is_down_is_said_and_the_heartbeat_is_kept(
    host: Tracker, place: Path, printed: Path, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(github, "PAUSES", ())
    host.trouble = [503]
    told = moor("track", "drift", "local", printed, "--outcome", "failure")
    assert told.code == 1
    assert "cannot be reached" in told.error
    assert TOKEN not in told.out + told.err
    (beat,) = known(place)
    assert (beat.job, beat.outcome, beat.reported) == ("drift", "failure", None)


def test_a_database_that_is_down_is_said_and_the_issue_is_kept(
    host: Tracker, place: Path, printed: Path, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = place / "configs/environments/local.yaml"
    document.write_text(document.read_text() + "database: {secretRef: env:STATE_URL}\n")
    monkeypatch.setenv("STATE_URL", "postgresql://nobody@127.0.0.1:9/none")
    told = moor("track", "drift", "local", printed, "--outcome", "failure")
    assert told.code == 1
    assert "cannot be reached" in told.error
    assert [issue["title"] for issue in host.open] == ["drift: local"]


def test_a_job_that_nobody_scheduled_is_a_mistake(host: Tracker, place: Path, moor: Any) -> None:
    assert "no scheduled job 'drfit'" in moor("track", "drfit", "local", "--outcome", "success").error
    assert host.asked == []


def test_without_a_token_the_call_is_wrong_and_the_heartbeat_is_kept(
    place: Path, moor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GH_TOKEN", "GITHUB_TOKEN", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    assert "GITHUB_REPOSITORY and GH_TOKEN" in moor("track", "drift", "local", "--outcome", "success").error
    assert [beat.reported for beat in known(place)] == [None]
