"""The way to an environment that takes releases on evidence only, with real processes."""

import json
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mooring.commands.ask import ask
from mooring.main import main
from tests.repository import Repo, copied, surrounded

pytestmark = pytest.mark.slow

POLICY = "prompts/shared/refund-policy.yaml"
DAYS = "  - Refunds are possible within 30 days of delivery.\n"
SUITES = {"support/smoke", "incident/smoke", "incident/safety"}
EVALUATIONS = ".mooring/staging/evaluations"


def few(found: Repo) -> Repo:
    """The repository with a few suites."""
    found.keep_suites(SUITES)
    return found


@pytest.fixture
def untouched(repo: Repo) -> Repo:
    """Nothing was ever evaluated or deployed here."""
    return few(repo)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repo]:
    found = few(copied(tmp_path_factory.mktemp("staged")))
    try:
        yield found
    finally:
        with surrounded():
            for environment in ("staging", "local"):
                main(["-C", str(found.root), "--json", "down", environment])


def said(home: Repo, *arguments: str) -> dict[str, Any]:
    """What a command answers that must not fail."""
    out = StringIO()
    with surrounded(), redirect_stdout(out):
        assert main(["-C", str(home.root), *arguments, "--json"]) == 0
    found = json.loads(out.getvalue())
    assert isinstance(found, dict)
    return found


@dataclass(frozen=True)
class Evidence:
    """A commit, and the file about its release. `deployed` is the receipt, where it was."""

    commit: str
    file: Path
    deployed: dict[str, Any] | None = None


@pytest.fixture(scope="module")
def released(home: Repo, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """What `start` makes, evaluated and deployed to staging."""
    home.git("reset", "-q", "--hard", "start")
    out = tmp_path_factory.mktemp("released")
    told = said(home, "eval", "--environment", "staging", "--output", str(out))
    assert Path(told["attested"]).read_bytes() == (out / "evidence.json").read_bytes()
    return Evidence("start", out / "evidence.json", said(home, "deploy", "staging"))


@pytest.fixture(scope="module")
def reworded(home: Repo, tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """The policy said otherwise, evaluated; its evidence is nowhere but in the file."""
    home.git("reset", "-q", "--hard", "start")
    out = tmp_path_factory.mktemp("reworded")
    home.edit(POLICY, "Refunds are possible within 30 days of delivery", "We refund within 30 days of delivery")
    said(home, "bump")
    home.commit("friendlier")
    asked = said(home, "eval", "--environment", "staging", "--against", "start", "--all", "--output", str(out))
    Path(asked["attested"]).unlink()
    return Evidence(home.git("rev-parse", "HEAD").strip(), out / "evidence.json")


@pytest.fixture
def at(home: Repo, moor: Any) -> Any:
    """Runs the command there."""

    def run(*arguments: Any) -> Any:
        return moor("-C", home.root, *arguments)

    return run


def attested(where: Repo) -> list[Path]:
    return sorted((where.root / EVALUATIONS).glob("*.simulated.json"))


def test_a_release_that_nobody_evaluated_stays_in(untouched: Repo, moor: Any) -> None:
    at = ("-C", untouched.root)
    told = moor(*at, "deploy", "staging")
    assert told.code == 1
    assert told.error.startswith("staging takes a release on evidence only: there is none about sha256:")
    assert "fix: moor eval --environment staging" in told.err
    assert moor(*at, "deploy", "staging", "--json").json["reason"] == "no-evidence"
    assert moor(*at, "up", "staging", "--json").json["reason"] == "no-evidence"
    assert not moor(*at, "status", "staging", "--json").json["environments"][0]["running"]


def test_one_suite_of_three_is_no_evidence(untouched: Repo, moor: Any) -> None:
    at = ("-C", untouched.root)
    told = moor(*at, "eval", "support/smoke", "--environment", "staging")
    assert told.code == 0
    assert "no evidence for a deployment: " in told.out
    assert attested(untouched) == []
    assert moor(*at, "deploy", "staging", "--json").json["reason"] == "no-evidence"


def test_a_passing_verdict_lets_it_out_and_is_in_the_ledger(home: Repo, released: Evidence, at: Any) -> None:
    receipt = released.deployed or {}
    assert (receipt["kind"], receipt["lost"]) == ("deploy", 0)
    found = json.loads(released.file.read_text())
    assert found["release"] == receipt["digest"]
    entries = at("history", "staging", "--json", "--limit", "100").json["entries"]
    assert found["digest"] in json.dumps(entries)
    home.git("reset", "-q", "--hard", "start")
    at("deploy", "staging")
    assert at("deploy", "staging", "--json").json["reason"] == "in-sync"
    assert at("eval", "--environment", "staging", "--if-needed", "--json").json["reason"] == "in-sync"


def test_an_edit_that_drops_the_refund_policy_is_refused_by_its_evaluation_and_by_its_smoke_suites(
    home: Repo, at: Any
) -> None:
    home.git("reset", "-q", "--hard", "start")
    home.edit(POLICY, DAYS, "")
    at("bump")
    home.commit("shorter prompt")
    told = at("eval", "--environment", "staging", "--against", "start")
    assert told.code == 1
    assert "support/smoke/policy-known" in told.out + told.err
    refused = at("deploy", "staging")
    assert refused.code == 1
    assert "simulated evidence: it says fail: " in refused.error

    where_none_is_needed = at("deploy", "local")
    assert where_none_is_needed.code == 1
    assert where_none_is_needed.error.startswith("smoke: support/smoke/")
    assert at("status", "local", "--json").json["environments"][0]["live"] is None


def test_an_edit_that_only_rewords_goes_out_by_its_file_and_ways_back_need_no_evidence(
    home: Repo, released: Evidence, reworded: Evidence, at: Any
) -> None:
    home.git("reset", "-q", "--hard", "start")
    at("deploy", "staging")
    home.git("reset", "-q", "--hard", reworded.commit)
    assert at("deploy", "staging", "--json").json["reason"] == "no-evidence"
    assert at("deploy", "staging", "--evidence", reworded.file, "--json").json["kind"] == "deploy"
    assert json.loads(reworded.file.read_text()) in [json.loads(file.read_text()) for file in attested(home)]
    url = at("status", "staging", "--json").json["environments"][0]["url"]
    assert "30 days" in ask(url, "support", "What is your refund policy?").text

    shutil.rmtree(home.root / EVALUATIONS)
    home.git("revert", "--no-edit", "HEAD")
    assert at("deploy", "staging", "--json").json["kind"] == "flip"
    assert at("rollback", "staging", "--no-writeback", "--json").json["reason"] == "rolled-back"
    home.git("revert", "--no-edit", "HEAD")
    assert at("deploy", "staging", "--json").json["reason"] == "in-sync"


def test_evidence_holds_for_its_release_alone_and_only_as_it_was_written(
    untouched: Repo, reworded: Evidence, moor: Any, tmp_path: Path
) -> None:
    at = ("-C", untouched.root)
    tampered = tmp_path / "tampered.json"
    tampered.write_text(reworded.file.read_text().replace('"passed": 4', '"passed": 5'))
    told = moor(*at, "deploy", "staging", "--evidence", tampered)
    assert told.error == f"{tampered} is not evidence as moor eval wrote it"
    assert moor(*at, "deploy", "staging", "--evidence", tmp_path / "gone", "--json").json["reason"] == "no-evidence"
    told = moor(*at, "deploy", "staging", "--evidence", reworded.file)
    assert "it is about sha256:" in told.error

    digest = moor(*at, "plan", "staging", "--json").json["desired"].removeprefix("sha256:")
    (untouched.root / EVALUATIONS).mkdir(parents=True)
    shutil.copy(reworded.file, untouched.root / EVALUATIONS / f"{digest}.simulated.json")
    told = moor(*at, "deploy", "staging", "--json")
    assert (told.code, told.json["reason"]) == (1, "tampered")
