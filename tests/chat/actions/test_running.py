"""Commands about agents and their runs, on an environment as it is deployed."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from mooring.chat.action import Context
from mooring.chat.actions.table import ACTIONS
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command, Language
from mooring.errors import Refused, UsageError
from mooring.operate.records import Records
from mooring.rollout.hotfix import give_back, hotfix
from mooring.rollout.ledger import Ledger
from mooring.rollout.patches import Patch
from mooring.targets import table
from tests.chat.actions.conftest import facts
from tests.repository import Repo, copied, until, up

pytestmark = pytest.mark.slow


class Talking:
    """One who talks about the environment `local` of a repository, and another who asks its agents."""

    def __init__(self, repo: Repo) -> None:
        self.repo, self.state = repo, repo.root / ".mooring/local"
        self.target = table.target(repo.root, "local", self.state)
        self.records = Records(repo.root, self.state, "local")
        self.told: list[str] = []

    def context(self, person: str, language: Language) -> Context:
        place = (self.repo.root, self.state, "local", self.target, self.records, None)
        return Context(*place, person, "feishu", language, lambda _command: True)

    def said(self, name: str, language: Language = "en", person: str = "alice", **arguments: str) -> Answer:
        command = Command(name, arguments, language)
        return ACTIONS[name].run(command, self.context(person, language), self.told.append)

    def asked(self, name: str, language: Language = "en", person: str = "alice", **arguments: str) -> Any:
        return ACTIONS[name].preview(Command(name, arguments, language), self.context(person, language))

    def ask(self, path: str, message: str | None = None) -> dict[str, Any]:
        body = None if message is None else json.dumps({"message": message}).encode()
        asked = Request(f"{self.target.status().url}{path}", body, {"content-type": "application/json"})
        with urlopen(asked, timeout=30) as answer:
            return dict(json.load(answer))


@pytest.fixture(scope="module")
def talking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talking]:
    with up(copied(tmp_path_factory.mktemp("talking"))) as found:
        opened = Talking(found)
        yield opened
        opened.records.close()


def waiting(talking: Talking) -> str:
    """The id of a run that waits for a person."""
    run = talking.ask("/agents/support/runs?wait=true", "Please refund A-1009, the shoes are too small")
    assert run["status"] == "awaiting-approval"
    return str(run["id"])


def test_status_logs_and_why_tell_of_what_was_just_asked(talking: Talking) -> None:
    run = talking.ask("/agents/support/runs?wait=true", "Where is A-1002?")
    status = talking.said("agent status")
    assert status.title == "local: 2 of 2 agents healthy"
    rows = {row[0]: row for row in status.table[1:]}
    assert rows["support"][3].startswith("L0 ")
    assert rows["incident"][3:] == ("-", "0", "-")

    logs = until(lambda: [line for line in talking.said("agent logs", id="support").log if run["id"] in line])
    assert "info run ended" in logs[-1]
    assert "Where is" not in "\n".join(logs)
    assert talking.said("agent logs", id="incident").title.startswith("incident in local: ")
    with pytest.raises(UsageError, match="no agent 'suport' runs in local; did you mean 'support'"):
        talking.said("agent logs", id="suport")

    why = until(lambda: talking.said("agent why", run=run["id"][:14]))
    assert why.title.startswith(f"{run['id']} of support: done, ")
    assert facts(why)["Answered by"] == "L0"
    assert facts(why)["Commit"].endswith("documents, test")
    assert why.table[1][0] == "L0"
    assert talking.said("agent why", "zh-CN", run=run["id"]).title.startswith(f"support 的运行 {run['id']}：已完成")


def test_a_run_goes_on_without_once_it_is_denied(talking: Talking) -> None:
    run = waiting(talking)
    answer = talking.said("deny", "zh-CN", run=run)
    assert answer.title == f"{run} 已拒绝：已完成"
    calls = talking.ask(f"/runs/{run}")["tool_calls"]
    assert ("refund_order", "done") not in [(call["name"], call["outcome"]) for call in calls]


def test_a_run_goes_on_once_it_is_approved_and_says_to_whom_that_was_first(talking: Talking) -> None:
    run = waiting(talking)
    asked = talking.asked("approve", run=run)
    assert asked.answer.stage is Stage.ASKS
    assert asked.answer.log[0].startswith('refund_order {"orderId": "A-1009"')
    assert talking.asked("deny", run=run).digest != asked.digest
    answer = talking.said("approve", run=run)
    assert answer.title == f"{run} was approved: done"
    assert facts(answer)["Who"] == "alice@feishu"
    seen = talking.ask(f"/runs/{run}")
    assert (seen["status"], "decided" in seen) == ("done", False)
    for late in (talking.asked, talking.said):
        with pytest.raises(Refused, match=rf"run {run} is done and waits for no approval; approved by alice@feishu"):
            late("deny", person="bob", run=run)
    assert facts(talking.said("agent why", run=run))["Decided"].startswith("approved, alice@feishu, ")


def test_an_agent_is_restarted_with_its_slot_and_nothing_of_it_is_lost(talking: Talking) -> None:
    asked = talking.asked("agent restart", id="support")
    assert asked.answer.title == "Restart support in local? All of slot blue gets new processes"
    assert facts(asked.answer)["Beside it"] == "incident"
    answer = talking.said("agent restart", id="support")
    assert answer.title == "support in local was restarted with slot blue"
    assert facts(answer)["Requests"].startswith("0 of ")
    old, new = facts(answer)["Processes"].split(" → ")
    assert old != new
    assert facts(asked.answer)["Processes"] == old
    # what was shown before is no longer what would be done
    assert talking.asked("agent restart", id="support").digest != asked.digest
    assert talking.ask("/agents/support/runs?wait=true", "Where is A-1002?")["status"] == "done"


def test_drift_is_told_in_short_and_noted_and_a_hotfix_is_listed_with_its_owner_and_end(talking: Talking) -> None:
    assert talking.said("drift").title == "local: in sync with main"
    assert talking.said("hotfix list").title == "local: no hotfix, what runs is git's release"
    now = time.time()
    patch = Patch("resilience", "standard", {"retry.baseSeconds": 0.2}, "ann", "it is slow", now, now + 3600)
    with closing(Ledger.of(talking.repo.root, "local", talking.state, os.environ)) as book:
        hotfix(talking.target, book, patch, print)
        listed = talking.said("hotfix list", "zh-CN")
        assert listed.title == "local：1 个热修复生效中"
        assert listed.table[1][:4] == ("resilience/standard", "retry.baseSeconds=0.2", "ann", "it is slow")
        drifted = talking.said("drift")
        assert drifted.title == "local: differences: 1, not tolerated: 1"
        assert "ann" in drifted.table[1][1]
        assert [entry.actor for entry in book.noted("local", 1)] == ["alice@feishu"]
        give_back(talking.target, book, "ann", next(iter(book.state("local").trail)), print)
    assert talking.said("drift", "zh-CN").title == "local：与 main 一致"


def test_a_door_without_a_repository_tells_of_the_last_look_and_drills_nothing(
    talking: Talking, tmp_path: Path
) -> None:
    talking.said("drift")
    here = talking.repo.root / ".git"
    here.rename(tmp_path / "git")
    try:
        answer = talking.said("drift")
        assert answer.title == "local: no git at this door; by the last look, differences: 0"
        assert facts(answer)["How"] == "moor drift local"
        assert talking.said("drift", "zh-CN").title == "local：此处没有 git 仓库；上次检查时 0 处差异"
        with pytest.raises(UsageError, match="a drill copies the repository, which is not at this door"):
            talking.asked("drill rollback")
    finally:
        (tmp_path / "git").rename(here)


@pytest.mark.timeout(300)
def test_a_rollback_is_drilled_with_a_copy_and_its_receipt_says_who(talking: Talking) -> None:
    asked = talking.asked("drill rollback", "zh-CN")
    assert asked.answer.title == "用 local 的副本演练回滚？"
    live = talking.target.facts().live
    answer = talking.said("drill rollback")
    assert answer.title.startswith("Drill of local: the promises held; RTO ")
    assert [row[3] for row in answer.table] == ["Result", "held", "held", "held"]
    assert len(talking.told) > 2
    with closing(Ledger.of(talking.repo.root, "local", talking.state, os.environ)) as book:
        receipt = book.drilled("local")["rollback"]
    assert (receipt.actor, str(receipt.seq)) == ("alice@feishu", facts(answer)["Ledger"])
    assert talking.target.facts().live == live
