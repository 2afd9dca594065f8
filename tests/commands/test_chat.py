"""`moor chat run`: the words of chat at the terminal, and what the ledger says of them."""

from typing import Any

import pytest

from mooring.main import main
from tests.repository import surrounded

pytestmark = pytest.mark.slow

POLICY = "prompts/shared/refund-policy.yaml"
SMOKE = "evals/suites/support/smoke.yaml"


@pytest.fixture(scope="module")
def changed(running: Any) -> Any:
    """The same after a second deployment."""
    running.edit(POLICY, "within 30 days", "within 14 days")
    running.edit(SMOKE, "30 days", "14 days")
    with surrounded():
        assert main(["-C", str(running.root), "--json", "bump"]) == 0
        running.commit("Refunds within 14 days")
        assert main(["-C", str(running.root), "--json", "deploy", "local"]) == 0
    return running


@pytest.fixture
def say(changed: Any, moor: Any) -> Any:
    """Says a command in the repository of a running environment."""
    return lambda *arguments: moor("-C", changed.root, "chat", "run", *arguments)


def live(root: Any, moor: Any) -> str:
    said = moor("-C", root, "status", "local", "--json")
    assert said.code == 0, said.out
    return str(said.json["environments"][0]["live"]["digest"])


def test_a_look_needs_nobody_to_be_asked_and_says_the_same_in_chinese(say: Any) -> None:
    english, chinese = say("/agent status", "--json"), say("/智能体 状态", "--json")
    assert (english.code, chinese.code) == (0, 0)
    assert [row[0] for row in english.json["table"][1:]] == [row[0] for row in chinese.json["table"][1:]]
    assert english.json["table"][0] != chinese.json["table"][0]
    assert "support" in say("/agent status").out


def test_a_change_is_not_made_where_nobody_can_be_asked(say: Any, changed: Any, moor: Any) -> None:
    before = live(changed.root, moor)
    refused = say("/deploy rollback")
    assert refused.code == 2
    assert refused.error.endswith("nobody is there to be asked")
    assert live(changed.root, moor) == before


def test_a_rollback_is_made_with_yes_and_history_says_who(say: Any, changed: Any, moor: Any) -> None:
    before = live(changed.root, moor)
    done = say("/部署 回滚", "--yes", "--json")
    assert (done.code, done.json["stage"], done.json["reason"]) == (0, "done", "changed")
    assert live(changed.root, moor) != before
    who = done.json["who"]
    said = moor("-C", changed.root, "history", "local", "--chat", "--verify", "--json").json
    assert said["verified"] > 10
    newest = said["chat"][0]
    assert {name: newest[name] for name in ("person", "platform", "text", "decision", "changes")} == {
        "person": who,
        "platform": "terminal",
        "text": "/deploy rollback",
        "decision": "done",
        "changes": True,
    }
    assert [entry["decision"] for entry in said["chat"][:3]] == ["done", "started", "asked"]
    rows = moor("-C", changed.root, "history", "local", "--chat", "--limit", "2").out.splitlines()
    assert rows[0].split() == ["SEQ", "AT", "WHO", "ON", "WHAT", "DECISION", "WHY", "SECONDS"]
    assert len(rows) == 3
    records = moor("-C", changed.root, "history", "local", "--json").json["records"]
    assert [record["kind"] for record in records[:2]] in (["chat", "rollback"], ["rollback", "chat"])
    assert "/deploy rollback, on terminal as" in moor("-C", changed.root, "history", "local").out


@pytest.mark.parametrize(
    ("text", "code", "reason", "says"),
    [
        ("/deploy rolback", 2, "usage", "/deploy rollback"),
        ("/d\u0435ploy rollback", 2, "usage", "U+0435 CYRILLIC SMALL LETTER IE"),
        ("/agent status in nowhere", 2, "usage", "nowhere"),
    ],
)
def test_what_cannot_be_done_says_why(say: Any, text: str, code: int, reason: str, says: str) -> None:
    done = say(text, "--json")
    assert (done.code, done.json["reason"], done.json["stage"]) == (code, reason, "refused")
    assert says in done.json["title"]


def test_talk_is_no_command(say: Any) -> None:
    assert say("good morning").error.startswith("'good morning' is no command of chat")


def test_help_needs_nothing_that_runs(repo: Any, moor: Any) -> None:
    said = moor("-C", repo.root, "chat", "run", "/help")
    assert said.code == 0
    assert "/deploy rollback" in said.out
