"""`moor drill` from documents to reports and evidence, and what a deployment asks of it."""

import json
from typing import Any

import pytest

from tests.repository import Repo

pytestmark = pytest.mark.slow

PROFILE = "configs/resilience/standard.yaml"
AGENT = "configs/agents/support.yaml"


@pytest.fixture(autouse=True)
def inside(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands run in the repository."""
    monkeypatch.chdir(repo.root)


@pytest.fixture
def asking(repo: Repo) -> Repo:
    """Staging takes a release only once all drills have passed on it; there is one drill, of a short outage."""
    for other in ("ours.yaml", "ours.csv", "tools-down.yaml"):
        (repo.root / "evals/drills" / other).unlink()
    required = "    required: true\n"
    repo.edit("configs/environments/staging.yaml", required, "    required: false\n    drills: true\n")
    repo.commit("Staging asks for drills")
    return repo


def test_a_drill_prints_a_table_and_writes_its_reports_and_is_the_same_again(asking: Repo, moor: Any) -> None:
    told = moor("drill", "outage", "--environment", "staging", "--output", "first")
    assert told.code == 0
    assert "\nsimulated trace outage, 0.5 h: 2 incidents" in told.out
    assert "supervised" in told.out
    moor("drill", "outage", "--environment", "staging", "--output", "again")
    for name in ("results.json", "comment.md", "report.html"):
        assert (asking.root / "first" / name).read_bytes() == (asking.root / "again" / name).read_bytes()


def test_a_deployment_that_asks_for_drills_is_refused_until_they_have_passed(asking: Repo, moor: Any) -> None:
    refused = moor("deploy", "staging", "--json")
    assert json.loads(refused.out)["reason"] == "no-evidence"
    assert "moor drill" in json.loads(refused.out)["fix"]
    needed = json.loads(moor("drill", "--environment", "staging", "--if-needed", "--json").out)
    assert needed["reason"] == "evaluated"
    assert needed["attested"]
    assert json.loads(moor("drill", "--environment", "staging", "--if-needed", "--json").out)["reason"] == "in-sync"
    try:
        assert json.loads(moor("deploy", "staging", "--json").out)["reason"] == "deployed"
    finally:
        moor("down", "staging")


def test_evidence_of_drills_is_handed_over_as_a_file_and_a_changed_one_is_refused(asking: Repo, moor: Any) -> None:
    moor("drill", "--environment", "staging", "--output", "drilled")
    path = asking.root / "drilled/evidence.json"
    store = asking.root / ".mooring/staging/evaluations"
    for kept in store.glob("*.drill.json"):
        kept.unlink()
    forged = asking.root / "forged.json"
    forged.write_text(path.read_text().replace('"outcome": "pass"', '"outcome": "fine"'))
    assert json.loads(moor("deploy", "staging", "--evidence", forged, "--json").out)["reason"] == "tampered"
    try:
        assert json.loads(moor("deploy", "staging", "--evidence", path, "--json").out)["reason"] == "deployed"
    finally:
        moor("down", "staging")


def test_a_change_that_takes_the_second_vendor_away_is_blocked_with_the_numbers(asking: Repo, moor: Any) -> None:
    asking.edit(AGENT, "  L1: anthropic/claude-sonnet-4-5\n", "")
    moor("bump")
    asking.commit("One vendor is enough")
    told = moor("drill", "--environment", "staging", "--against", "HEAD~1", "--output", "drilled")
    assert told.code == 1
    assert "answered by L0 or L1" in told.out
    assert "agent support" in (asking.root / "drilled/comment.md").read_text()


def test_a_change_that_tries_a_model_once_is_blocked_with_the_numbers(asking: Repo, moor: Any) -> None:
    (storm,) = (asking.root / "evals/drills").glob("*.yaml")
    text = storm.read_text()
    storm.write_text(text[: text.index("hours:")] + "hours: 2\nperMinute: 4\nblips: 0.08\n")
    asking.commit("A day on which nothing is the matter")
    asking.edit(PROFILE, "  tries: 3\n", "  tries: 1\n")
    moor("bump")
    asking.commit("Once is enough")
    told = moor("drill", "--environment", "staging", "--against", "HEAD~1", "--output", "drilled")
    assert told.code == 1
    assert "answered by L0 9" in told.out
    assert "tries of a rung 3 → 1" in told.out


def test_names_that_there_are_not_are_refused_with_what_there_is(repo: Repo, moor: Any) -> None:
    assert "did you mean 'outage'" in moor("drill", "outrage").err
    assert moor("drill", "outrage").code == 2
    assert "no seed" in moor("drill", "--seed", "soon").err
    assert "no arm 'haed'; did you mean 'head'?" in moor("drill", "--arms", "haed").err
    assert moor("drill", "--live", "crash", "--against", "main").code == 2


def test_a_repository_without_drills_runs_none_and_says_so(repo: Repo, moor: Any) -> None:
    for path in (repo.root / "evals/drills").iterdir():
        path.unlink()
    found = json.loads(moor("drill", "--json").out)
    assert (found["reason"], found["ok"]) == ("empty-set", False)
