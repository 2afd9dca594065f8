"""An environment that wants people to approve plans: `moor deploy` waits for them, and they say it by chat."""

from typing import Any

import pytest

from mooring.chat.action import Context
from mooring.chat.actions.table import ACTIONS
from mooring.chat.command import Command
from mooring.commands.running import actor
from mooring.errors import Refused
from mooring.operate.records import Records
from mooring.outcome import Reason
from mooring.targets import table
from tests.repository import Repo

pytestmark = pytest.mark.slow

LOCAL = "configs/environments/local.yaml"


@pytest.fixture
def asking(repo: Repo) -> Repo:
    """Nothing was deployed here; after the approvals, a live drill lacks, so that a deployment ends there."""
    repo.edit(LOCAL, "rollout:\n", "rollout:\n  approvals: 1\n  proofs: {crash: {days: 7}}\n")
    repo.commit("people are asked")
    return repo


class Chat:
    def __init__(self, repo: Repo) -> None:
        self.repo, self.state = repo, repo.root / ".mooring/local"

    def context(self, person: str) -> Context:
        target, records = (
            table.target(self.repo.root, "local", self.state),
            Records(self.repo.root, self.state, "local"),
        )
        return Context(
            self.repo.root, self.state, "local", target, records, None, person, "slack", "en", lambda _: True
        )

    def preview(self, person: str, **arguments: str) -> Any:
        return ACTIONS["deploy approve"].preview(Command("deploy approve", arguments), self.context(person))

    def approve(self, person: str, **arguments: str) -> Any:
        return ACTIONS["deploy approve"].run(Command("deploy approve", arguments), self.context(person), print)


def deployed(moor: Any, repo: Repo) -> dict[str, Any]:
    said = moor("-C", repo.root, "--json", "deploy", "local")
    assert (said.code, said.json["reason"]) == (1, "guarded")
    return dict(said.json)


def test_a_plan_is_refused_until_somebody_else_approves_it_by_chat(moor: Any, asking: Repo) -> None:
    plan, chat = moor("-C", asking.root, "--json", "plan", "local").json["plan"], Chat(asking)
    found, digits = deployed(moor, asking), plan.removeprefix("sha256:")
    assert found["message"] == f"plan {digits[:12]} for local needs 1 approval of others and has 0"
    assert f"/deploy approve {digits[:12]} in local" in found["fix"]

    asked = chat.preview("alice")
    assert asked.answer.title == f"Approve plan {digits[:12]} for local?"
    assert dict(asked.answer.facts)["Asked by"].startswith(actor())
    assert any("support" in line for line in asked.answer.log)
    assert chat.preview("bob", plan=digits[:8]).digest == asked.digest
    with pytest.raises(Refused, match="so somebody else approves it") as own:
        chat.approve(actor())
    assert own.value.reason is Reason.GUARDED

    answer = chat.approve("alice", plan=digits)
    assert answer.title == f"Plan {digits[:12]} for local has 1 of 1 approvals"
    assert chat.approve("bob").title.startswith("alice was first: ")
    assert "live drill crash" in deployed(moor, asking)["message"]


def test_an_approval_is_void_once_the_plan_is_another(moor: Any, asking: Repo) -> None:
    deployed(moor, asking)
    Chat(asking).approve("alice")
    asking.edit(LOCAL, "A developer's machine", "A machine")
    asking.edit(LOCAL, "version: 1.1.0", "version: 1.2.0")
    asking.commit("another description")
    assert "needs 1 approval of others and has 0" in deployed(moor, asking)["message"]


def test_a_lock_is_said_before_anything_else_and_shown_by_the_status(moor: Any, asking: Repo) -> None:
    deployed(moor, asking)
    chat = Chat(asking)
    lock = Command("deploy lock", {"minutes": "30", "reason": "the fair"})
    ACTIONS["deploy lock"].run(lock, chat.context("alice"), print)
    refused = moor("-C", asking.root, "--json", "deploy", "local")
    assert (refused.code, refused.json["reason"]) == (1, "locked")
    assert "local is locked against deployments by alice@slack until " in refused.json["message"]
    assert "/deploy unlock in local" in refused.json["fix"]
    assert "no deployment goes out until " in moor("-C", asking.root, "status", "local").out
    ACTIONS["deploy unlock"].run(Command("deploy unlock"), chat.context("bob"), print)
    assert deployed(moor, asking)["reason"] == "guarded"
