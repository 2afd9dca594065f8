"""What was taken back, as a deployment and a plan meet it: refused, or let out by an override of an owner."""

from typing import Any

import pytest

from mooring.commands.running import ledger
from mooring.commands.target_state import documents
from mooring.commands.workspace import Workspace
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.state import Side, State, Stumbled
from tests.repository import Repo

OVERRIDE = """\
# yaml-language-server: $schema=../../schemas/override.schema.json
apiVersion: mooring/v1
kind: Override
name: not-its-fault
version: 1.0.0
description: Goes out again.
owner: "{owner}"
plan: {plan}
guards: [taken-back]
reason: The vendor had an outage.
expires: 2999-01-01T00:00:00Z
"""


@pytest.fixture
def taken(repo: Repo) -> Repo:
    """What the documents make was taken back here once; other releases went out since, and a live drill lacks."""
    repo.edit("configs/environments/local.yaml", "rollout:\n", "rollout:\n  proofs: {crash: {days: 7}}\n")
    repo.commit("drills are wanted")
    workspace = Workspace(repo.root, repo.root / ".mooring")
    digest, other = documents(workspace, "local")[1].digest, Side("blue", f"sha256:{'a' * 64}")
    with ledger(workspace, "local") as book:
        held = lease.acquire(book, "local", "ann", "deploy")
        bad = State(live=other, quarantined=digest, verdict=Reason.BAKE_FAILED, detail="it was slow")
        for state in (bad, State()):
            book.append("local", held.token, "ann", Stumbled(4, Reason.BAKE_FAILED, "it was slow"), state)
        lease.release(book, held)
    return repo


@pytest.mark.slow
@pytest.mark.parametrize("words", [("deploy", "local"), ("plan", "local", "--reviewed")], ids=["deploy", "plan"])
def test_it_is_refused_with_the_reason_and_goes_on_once_an_owner_lets_it_out(
    taken: Repo, moor: Any, words: tuple[str, ...]
) -> None:
    def said() -> Any:
        return moor("-C", taken.root, "--json", *words)

    refused = said()
    assert (refused.code, refused.json["reason"]) == (1, "quarantined")
    assert "(it was slow) and stays out until it differs" in refused.json["message"]
    plan = moor("-C", taken.root, "--json", "plan", "local").json["plan"]
    assert f"overrides guard taken-back for plan {plan}" in refused.json["fix"]
    (taken.root / "configs/overrides").mkdir(exist_ok=True)
    path = taken.root / "configs/overrides/not-its-fault.yaml"
    path.write_text(OVERRIDE.format(owner="@tidewater/on-call", plan=f"sha256:{'0' * 64}"))
    taken.commit("for another plan")
    assert "override not-its-fault does not count: it is for plan" in said().json["message"]
    path.write_text(OVERRIDE.format(owner="@tidewater/on-call", plan=plan))
    taken.commit("for this plan")
    after = said().json
    assert after["reason"] == "planned" or "live drill crash" in after["message"], after
