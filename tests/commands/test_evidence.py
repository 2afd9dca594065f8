"""The way to an environment that takes releases on evidence only, with real processes."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.commands.ask import ask
from mooring.main import main

POLICY = "prompts/shared/refund-policy.yaml"
DAYS = "  - Refunds are possible within 30 days of delivery.\n"
SUITES = {"support/refunds", "support/smoke", "incident/smoke"}


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, documents_copy: Any) -> Iterator[Any]:
    """A repository with a few suites; what a test deploys to staging is there for the next one."""
    found = documents_copy(tmp_path_factory.mktemp("staged"))
    folder = found.root / "evals/suites"
    for file in folder.rglob("*.yaml"):
        if str(file.relative_to(folder).with_suffix("")) not in SUITES:
            file.unlink()
    found.commit("fewer suites")
    try:
        yield found
    finally:
        for environment in ("staging", "local"):
            main(["-C", str(found.root), "--json", "down", environment])


@pytest.fixture
def at(staged: Any, moor: Any) -> Any:
    """Runs the command there."""

    def run(*arguments: Any) -> Any:
        return moor("-C", staged.root, *arguments)

    return run


def evaluations(staged: Any) -> Path:
    return Path(staged.root / ".mooring/staging/evaluations")


def attested(staged: Any) -> list[Path]:
    return sorted(evaluations(staged).glob("*.simulated.json"))


def test_a_release_that_nobody_evaluated_stays_in(staged: Any, at: Any) -> None:
    told = at("deploy", "staging")
    assert told.code == 1
    assert told.error.startswith("staging takes a release on evidence only: there is none about sha256:")
    assert "fix: moor eval --environment staging" in told.err
    assert at("deploy", "staging", "--json").json["reason"] == "no-evidence"
    assert at("up", "staging", "--json").json["reason"] == "no-evidence"
    assert not at("status", "staging", "--json").json["environments"][0]["running"]


def test_one_suite_of_three_is_no_evidence(staged: Any, at: Any) -> None:
    told = at("eval", "support/smoke", "--environment", "staging")
    assert told.code == 0
    assert "no evidence for a deployment: " in told.out
    assert attested(staged) == []
    assert at("deploy", "staging", "--json").json["reason"] == "no-evidence"


def test_a_passing_verdict_lets_it_out_and_is_in_the_ledger(staged: Any, at: Any) -> None:
    told = at("eval", "--environment", "staging", "--json")
    assert told.code == 0
    (path,) = attested(staged)
    assert told.json["attested"] == str(path)
    deployed = at("deploy", "staging", "--json").json
    assert (deployed["kind"], deployed["lost"]) == ("deploy", 0)
    entries = at("history", "staging", "--json", "--limit", "100").json["entries"]
    found = json.loads(path.read_text())
    assert found["release"] == deployed["digest"]
    assert found["digest"] in json.dumps(entries)
    assert at("deploy", "staging", "--json").json["reason"] == "in-sync"
    assert at("eval", "--environment", "staging", "--if-needed", "--json").json["reason"] == "in-sync"


def test_an_edit_that_drops_the_refund_policy_is_refused_by_its_evaluation(staged: Any, at: Any) -> None:
    staged.edit(POLICY, DAYS, "")
    at("bump")
    staged.commit("shorter prompt")
    told = at("eval", "--environment", "staging", "--against", "live")
    assert told.code == 1
    assert "support/smoke/policy-known" in told.out + told.err
    refused = at("deploy", "staging")
    assert refused.code == 1
    assert "simulated evidence: it says fail: " in refused.error


def test_where_no_evidence_is_needed_the_smoke_suites_keep_it_from_traffic(staged: Any, at: Any) -> None:
    told = at("deploy", "local")
    assert told.code == 1
    assert told.error.startswith("smoke: support/smoke/")
    assert at("status", "local", "--json").json["environments"][0]["live"] is None
    staged.git("revert", "--no-edit", "HEAD")


def test_an_edit_that_only_rewords_passes_and_goes_out(staged: Any, at: Any) -> None:
    staged.edit(POLICY, "Refunds are possible within 30 days of delivery", "We refund within 30 days of delivery")
    at("bump")
    staged.commit("friendlier")
    assert at("deploy", "staging", "--json").json["reason"] == "no-evidence"
    told = at("eval", "--environment", "staging", "--against", "live", "--all", "--json")
    assert (told.code, told.json["reason"]) == (0, "evaluated")
    assert at("deploy", "staging", "--json").json["kind"] == "deploy"
    url = at("status", "staging", "--json").json["environments"][0]["url"]
    assert "30 days" in ask(url, "support", "What is your refund policy?").text


def test_ways_back_need_no_evidence(staged: Any, at: Any) -> None:
    shutil.rmtree(evaluations(staged))
    staged.git("revert", "--no-edit", "HEAD")
    assert at("deploy", "staging", "--json").json["kind"] == "flip"
    assert at("rollback", "staging", "--no-writeback", "--json").json["reason"] == "rolled-back"
    staged.git("revert", "--no-edit", "HEAD")
    assert at("deploy", "staging", "--json").json["reason"] == "in-sync"


def test_evidence_travels_as_a_file_and_holds_for_its_release_alone(staged: Any, at: Any, tmp_path: Path) -> None:
    out = tmp_path / "found"
    staged.edit(POLICY, "We refund", "We pay back")
    at("bump")
    staged.commit("plainer")
    assert at("eval", "--environment", "staging", "--output", out, "--json").code == 0
    file = out / "evidence.json"
    shutil.rmtree(evaluations(staged))
    assert at("deploy", "staging", "--json").json["reason"] == "no-evidence"

    tampered = tmp_path / "tampered.json"
    tampered.write_text(file.read_text().replace('"passed": 4', '"passed": 5'))
    told = at("deploy", "staging", "--evidence", tampered)
    assert told.error == f"{tampered} is not evidence as moor eval wrote it"
    assert at("deploy", "staging", "--evidence", tmp_path / "gone", "--json").json["reason"] == "no-evidence"

    staged.edit(POLICY, "We pay back", "Money comes back")
    at("bump")
    staged.commit("other")
    told = at("deploy", "staging", "--evidence", file)
    assert "it is about sha256:" in told.error
    staged.git("revert", "--no-edit", "HEAD")
    assert at("deploy", "staging", "--evidence", file, "--json").json["kind"] == "deploy"
    assert len(attested(staged)) == 1


def test_evidence_that_was_changed_on_disk_is_refused(staged: Any, at: Any) -> None:
    staged.edit(POLICY, "We pay back", "We give back")
    at("bump")
    staged.commit("again")
    digest = at("plan", "staging", "--json").json["desired"].removeprefix("sha256:")
    (known,) = attested(staged)
    shutil.copy(known, evaluations(staged) / f"{digest}.simulated.json")
    told = at("deploy", "staging", "--json")
    assert (told.code, told.json["reason"]) == (1, "tampered")
