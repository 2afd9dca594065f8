"""An environment that wants live drills to have held lately: refused, allowed by receipts, or by name."""

import time
from typing import Any

import pytest

from mooring.commands.proofs import _demanded
from mooring.commands.running import ledger
from mooring.commands.workspace import Workspace
from mooring.operate.entry import write
from mooring.operate.exercises.receipt import DAY, Drilled
from mooring.release.release import Release
from tests.repository import Repo

LOCAL = "configs/environments/local.yaml"
OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: no-drill
version: 1.0.0
description: Goes out without a drill.
owner: "{owner}"
plan: {plan}
guards: [fresh-proofs]
reason: The machine for drills is broken.
expires: 2999-01-01T00:00:00Z
"""


@pytest.fixture
def demanding(repo: Repo) -> Repo:
    """Nothing was ever drilled or deployed here."""
    repo.edit(LOCAL, "rollout:\n", "rollout:\n  proofs: {crash: {days: 7}}\n")
    repo.commit("drills are wanted")
    return repo


def drilled(repo: Repo, at: float, result: str = "held") -> None:
    event = Drilled(at, "crash", result, "7 kills", {}, (), 60.0, "sha256:a", "1", "sha256:b")
    with ledger(Workspace(repo.root, repo.root / ".mooring"), "local") as book:
        write(book, "local", "ann", "note", event)


def refused(moor: Any, repo: Repo) -> dict[str, Any]:
    said = moor("-C", repo.root, "--json", "deploy", "local")
    assert said.code == 1
    assert said.json["reason"] == "guarded", said.json
    return dict(said.json)


@pytest.mark.slow
def test_a_release_is_refused_until_the_drill_has_held_lately(moor: Any, demanding: Repo) -> None:
    found = refused(moor, demanding)
    assert "guard fresh-proofs: live drill crash: it never ran" in found["message"]
    assert found["fix"] == "moor drill --live crash --environment local"
    drilled(demanding, time.time() - 8 * DAY)
    assert "8.0 days old, at most 7 are allowed" in refused(moor, demanding)["message"]
    drilled(demanding, time.time(), "broken")
    assert "the last one was broken" in refused(moor, demanding)["message"]
    (status,) = moor("-C", demanding.root, "--json", "status", "local").json["environments"]
    (proof,) = status["proofs"]
    assert (proof["exercise"], proof["result"], proof["said"]) == ("crash", "broken", "7 kills")


@pytest.mark.slow
def test_an_override_counts_for_its_plan_and_its_owner_alone(moor: Any, demanding: Repo) -> None:
    plan = moor("-C", demanding.root, "--json", "plan", "local").json["plan"]
    (demanding.root / "configs/overrides").mkdir(exist_ok=True)
    path = demanding.root / "configs/overrides/no-drill.yaml"
    path.write_text(OVERRIDE.format(owner="@tidewater/on-call", plan=f"sha256:{'0' * 64}"))
    demanding.commit("for another plan")
    assert "override no-drill does not count: it is for plan" in refused(moor, demanding)["message"]
    path.write_text(OVERRIDE.format(owner="@tidewater/on-call", plan=plan))
    demanding.commit("for this plan")
    assert "no-drill" not in moor("-C", demanding.root, "validate").out, "a guard of this name is known"


def test_of_what_runs_and_what_is_to_run_the_stricter_demand_holds(edit: Any) -> None:
    def demands(**days: float) -> Release:
        return Release.of(edit({"environment.rollout.proofs": {name: {"days": n} for name, n in days.items()}}))

    before, after = demands(crash=7, slots=30), demands(crash=14, restore=3)
    found = {name: proof.days for name, proof in _demanded(after, before).items()}
    assert found == {"crash": 7, "slots": 30, "restore": 3}
    assert _demanded(demands(), None) == {}


@pytest.mark.slow
def test_fresh_receipts_and_overrides_let_a_release_out_and_a_way_back_needs_neither(
    moor: Any, demanding: Repo, request: pytest.FixtureRequest
) -> None:
    def running(repo: Repo, *words: str) -> dict[str, Any]:
        return dict(moor("-C", repo.root, "--json", *words).json)

    request.addfinalizer(lambda: running(demanding, "down", "local"))
    drilled(demanding, time.time())
    assert running(demanding, "deploy", "local")["reason"] == "deployed"
    drilled(demanding, time.time(), "inconclusive")
    demanding.edit("prompts/shared/tone.yaml", "version: 1.", "version: 2.")
    demanding.commit("tone")
    assert "inconclusive" in refused(moor, demanding)["message"]
    plan = moor("-C", demanding.root, "--json", "plan", "local").json["plan"]
    (demanding.root / "configs/overrides").mkdir(exist_ok=True)
    text = OVERRIDE.format(owner="@tidewater/on-call", plan=plan)
    (demanding.root / "configs/overrides/no-drill.yaml").write_text(text)
    demanding.commit("by name")
    assert running(demanding, "deploy", "local")["reason"] == "deployed"
    demanding.git("revert", "--no-edit", "HEAD", "HEAD~1")
    assert running(demanding, "deploy", "local")["reason"] == "deployed", "it was live before"
