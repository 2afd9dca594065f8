"""A drill of what an environment has been through."""

from argparse import ArgumentParser
from functools import partial
from pathlib import Path

import pytest

from mooring.commands.drilling import record
from mooring.errors import Refused, UsageError
from mooring.outcome import Outcome
from mooring.report.console import Console
from mooring.state.records import patrols
from mooring.state.records.patrols import Looked, Patrolled
from mooring.state.transactions import Transactions
from tests.repository import Repo, copied

NOW = 1_780_000_000.0
HOUR = 3600.0


@pytest.fixture
def repo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    made = copied(tmp_path)
    monkeypatch.setattr("time.time", lambda: NOW)
    monkeypatch.chdir(made.root)
    return made


def recorded(*arguments: str) -> Outcome:
    parser = ArgumentParser()
    parser.add_argument("--directory")
    record.add(parser)
    return record.run(parser.parse_args(["local", *arguments]), Console())


def looked(repo: Repo, *alarms: float) -> None:
    """Alarms of a patrol so many hours ago, each gone a quarter of an hour later."""
    folder = repo.root / ".mooring/local"
    folder.mkdir(parents=True, exist_ok=True)
    database, name = Transactions(f"sqlite:///{folder / 'state.db'}"), "models/openai/gpt-4-1"
    moments = sorted((NOW - hours * HOUR, NOW - hours * HOUR + HOUR / 4) for hours in alarms)
    looks = [
        Looked(name, at, state, 0.1, "x fails (HTTP 503)" if state == "alarm" else "")
        for pair in moments
        for at, state in zip(pair, ("alarm", "ok"), strict=True)
    ] or [Looked(name, NOW - HOUR, "ok", 0.1, "")]
    row = Patrolled(name, "llm-echo", "ok", NOW, 0, NOW, "ok", 0.1, "")
    database.write(partial(patrols.write, now_in=[row], looks=looks, before=0.0))
    database.close()


@pytest.mark.slow
def test_what_it_writes_is_valid_and_can_be_replayed(repo: Repo, moor, capsys: pytest.CaptureFixture[str]) -> None:
    looked(repo, 100.0, 50.0, 3.0)
    done = recorded()
    assert done.data["written"] == ["evals/drills/local-history.csv", "evals/drills/local-history.yaml"]
    assert done.data["incidents"] == 3
    csv = (repo.root / "evals/drills/local-history.csv").read_text().splitlines()
    assert csv[:2] == ["vendor,start,end,kind,severity", "openai,2026-05-24T16:26:40Z,2026-05-24T16:41:40Z,errors,1"]
    moor("-C", str(repo.root), "schema", "--write")
    checked = moor("-C", str(repo.root), "validate")
    assert checked.code == 0, checked.out + checked.err


@pytest.mark.slow
def test_a_drill_that_is_there_keeps_its_targets(repo: Repo) -> None:
    looked(repo, 3.0)
    recorded()
    drill = repo.root / "evals/drills/local-history.yaml"
    drill.write_text(drill.read_text() + "targets: {availability: 0.9}\n")
    looked(repo, 6.0, 3.0)
    assert recorded().data["written"] == ["evals/drills/local-history.csv"]
    assert drill.read_text().endswith("targets: {availability: 0.9}\n")


def test_without_an_incident_nothing_is_written(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    looked(repo)
    assert recorded().data == {"environment": "local", "incidents": 0, "written": []}
    assert "no incident in the last 30 days, of 1 measurements" in capsys.readouterr().out
    assert not (repo.root / "evals/drills/local-history.csv").exists()


def test_what_lies_further_back_is_left_out(repo: Repo) -> None:
    looked(repo, 60.0, 3.0)
    assert recorded("--days", "2").data["incidents"] == 1


def test_where_nothing_was_measured_it_refuses(repo: Repo) -> None:
    with pytest.raises(Refused, match="local has measured nothing in that time"):
        recorded()


@pytest.mark.parametrize("place", ["/tmp/ours.csv", "evals/ours.csv", "evals/drills/Ours.csv", "evals/drills/ours.txt"])
def test_a_file_that_no_drill_could_name_is_refused(repo: Repo, place: str) -> None:
    looked(repo, 3.0)
    with pytest.raises(UsageError, match="which a drill could name"):
        recorded("--output", place)


def test_another_file_has_a_drill_of_its_own_name(repo: Repo) -> None:
    looked(repo, 3.0)
    recorded("--output", "evals/drills/march/ours.csv")
    assert "name: march/ours\n" in (repo.root / "evals/drills/march/ours.yaml").read_text()
    assert "history: march/ours.csv\n" in (repo.root / "evals/drills/march/ours.yaml").read_text()
