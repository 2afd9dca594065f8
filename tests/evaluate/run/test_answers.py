"""Cases that say themselves what a simulated model answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from mooring.evaluate import recordings
from mooring.evaluate.answers import refreshed
from mooring.evaluate.values import Call, Reply, Trial
from mooring.main import main
from tests.evaluate.run.conftest import Evaluate, MakeSuite
from tests.evaluate.run.test_command import Repo, repo
from tests.runtime.stub import Reply as Said
from tests.runtime.stub import Stub

__all__ = ["repo"]  # a fixture

FIND = {"tool": "find_order", "args": {"order": "A-1"}}
SENT = [{"type": "contains", "value": "sent"}]


def case(answer: Any, **more: Any) -> dict[str, Any]:
    return {"id": "where", "vars": {"message": "Where is it?"}, "answer": answer, "assert": SENT, **more}


def test_a_text_is_what_the_model_says_and_no_rule_is_asked(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    (trial,) = evaluate(suite(case("It is sent."))).trials
    (reply,) = trial.replies
    assert (trial.passed, trial.evidence, reply.text, reply.rung) == (True, "simulated", "It is sent.", "L0")
    assert stub.requests == []
    assert reply.input_tokens > reply.output_tokens > 0
    assert reply.cost_usd > 0


def test_calls_are_made_in_order_at_the_services_before_the_text(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate
) -> None:
    stub.script("shop", Said(body={"status": "packed"}), Said(body={"status": "sent"}))
    answer = {"calls": [FIND, {"tool": "find_order", "args": {"order": "A-2"}}], "text": "One is packed, one sent."}
    order = {"type": "trajectory:tool-sequence", "value": {"steps": ["find_order", "find_order"], "mode": "exact"}}
    (trial,) = evaluate(suite(case(answer, **{"assert": [*SENT, order]}))).trials
    assert trial.passed, trial
    assert [(call.arguments["order"], call.result) for call in trial.replies[0].calls] == [
        ("A-1", {"status": "packed"}),
        ("A-2", {"status": "sent"}),
    ]
    assert stub.requests == []


def test_calls_without_a_text_leave_the_text_to_the_rules(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", Said("The rules say: sent."))
    (trial,) = evaluate(suite(case({"calls": [FIND]}))).trials
    assert (trial.passed, trial.replies[0].text) == (True, "The rules say: sent.")
    (asked,) = stub.asked("primary-1")
    assert [message["role"] for message in asked["messages"]] == ["system", "user", "assistant", "tool"]


def test_each_turn_has_its_own_answer_or_that_of_the_rules(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", Said("Anything else?"))
    turns = [
        {"message": "Where is it?", "answer": {"calls": [FIND], "text": "It is sent."}},
        {"message": "Thanks"},
        {"message": "And the other one?", "answer": {"calls": [FIND], "text": "It is sent, too."}},
    ]
    (trial,) = evaluate(suite({"id": "long", "turns": turns, "assert": SENT})).trials
    assert [reply.text for reply in trial.replies] == ["It is sent.", "Anything else?", "It is sent, too."]
    assert [len(reply.calls) for reply in trial.replies] == [1, 0, 1]
    (asked,) = stub.requests
    assert [message["content"] for message in asked["messages"][1:]] == [
        "Where is it?",
        "It is sent.",
        "Customer: Thanks",
    ]


@pytest.mark.parametrize(("decision", "text"), [({"approve": True}, "It is sent back."), ({}, "")])
def test_a_call_that_waits_for_a_person_goes_on_with_the_text(
    suite: MakeSuite, evaluate: Evaluate, decision: dict[str, Any], text: str
) -> None:
    refund = {"calls": [{"tool": "refund_order", "args": {"order": "A-1"}}], "text": "It is sent back."}
    kept = {"vars": {"message": "Refund it", **decision}, "assert": [{"type": "no-secret"}]}
    (trial,) = evaluate(suite(case(refund, **kept))).trials
    assert trial.passed
    (reply,) = trial.replies
    assert (reply.awaiting_approval == ()) is bool(decision)
    assert text in reply.text


@pytest.mark.slow
def test_real_models_are_never_spoken_for(stub: Stub, suite: MakeSuite, evaluate: Evaluate, tmp_path: Path) -> None:
    stub.script("primary-1", Said("It got lost."))
    asked = suite(case("It is sent."))
    (live,) = evaluate(asked, evidence="live", record=True, repeats=1).trials
    (replayed,) = evaluate(asked, evidence="recorded").trials
    assert [trial.replies[0].text for trial in (live, replayed)] == ["It got lost.", "It got lost."]
    assert [trial.passed for trial in (live, replayed)] == [False, False]
    assert recordings.read(tmp_path / "recordings", "asked", "where")


def test_an_answer_that_no_tool_can_follow_is_an_error_and_no_pass(suite: MakeSuite, evaluate: Evaluate) -> None:
    (trial,) = evaluate(suite(case({"calls": [{"tool": "no_such_tool"}], "text": "It is sent."}))).trials
    assert trial.passed is None


# --record


def trial(*replies: Reply, repeat: int = 0, passed: bool | None = True) -> Trial:
    return Trial("asked", "where", repeat, "live", replies, (), passed, 1.0)


TEXT = """\
tests:
  # the first
  - id: where
    vars: {message: "Where is it?"}
    answer: It is lost.  # by hand
    assert: [{type: contains, value: sent}]
"""


def test_what_was_said_takes_the_place_of_the_answer_and_nothing_else_changes(suite: MakeSuite) -> None:
    told = [trial(Reply("Never mind."), repeat=1), trial(Reply("It is sent."))]
    text, changed, problems = refreshed("a.yaml", TEXT, suite(case("It is lost.")), told)
    assert (changed, problems) == (["where"], [])
    assert text == TEXT.replace("It is lost.", "It is sent.")


@pytest.mark.parametrize(
    "told",
    [
        trial(Reply("It is lost.")),
        trial(Reply("", error="no answer")),
        trial(Reply("It is sent."), passed=None),
        trial(Reply("")),
    ],
    ids=["the same", "an error", "not judged", "nothing said"],
)
def test_an_answer_stays_where_nothing_else_was_said(suite: MakeSuite, told: Trial) -> None:
    assert refreshed("a.yaml", TEXT, suite(case("It is lost.")), [told]) == (TEXT, [], [])


def test_what_the_platform_says_about_an_approval_is_no_answer(suite: MakeSuite) -> None:
    told = trial(Reply("A person must approve.", (Call("refund_order", {"order": "A-1"}),), awaiting_approval=("x",)))
    text, _, _ = refreshed("a.yaml", TEXT.replace("  # by hand", ""), suite(case("It is lost.")), [told])
    assert "person" not in text
    assert "    answer:\n      calls:\n        - {tool: refund_order, args: {order: A-1}}\n    assert:" in text


def test_a_case_that_cannot_be_edited_is_left_and_said(suite: MakeSuite) -> None:
    text = TEXT.replace("answer: It is lost.", "answer:  # mind\n      text: It is lost.")
    found, changed, (problem,) = refreshed("a.yaml", text, suite(case("It is lost.")), [trial(Reply("It is sent."))])
    assert (found, changed) == (text, [])
    assert problem.startswith("a.yaml:5 tests.0.answer: a comment stands in it")


@pytest.mark.slow
def test_record_asks_the_model_and_edits_the_suite(
    repo: Repo, stub: Stub, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = "evals/suites/support/small.yaml"
    repo.edit(path, "    assert:", "    answer: Within 30 days.  # a draft\n    assert:")
    model = repo.root / "configs/models/openai/gpt-4-1.yaml"
    base = next(line for line in model.read_text().splitlines() if line.startswith("baseUrl:"))
    model.write_text(model.read_text().replace(base, f"baseUrl: {stub.url}/v1"))
    for each in repo.root.glob("configs/models/*/*.yaml"):
        identity = next(line for line in each.read_text().splitlines() if line.startswith("id:"))
        stub.script(identity.removeprefix("id:").strip().strip('"'), Said("You have 30 days: use them."))
    for key in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY"):
        monkeypatch.setenv(key, "k")
    before = (repo.root / path).read_text()
    code = main(["-C", str(repo.root), "eval", "support/small", "--record", "--repeat", "1", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (code, said["evidence"], said["answers"]) == (0, "live", ["support/small/asked"])
    changed = before.replace("Within 30 days.  #", "'You have 30 days: use them.'  #")
    assert (repo.root / path).read_text() == changed
    assert recordings.read(repo.root / "evals/recordings", "support/small", "asked")
    assert main(["-C", str(repo.root), "eval", "support/small"]) == 0
    assert "1 case says itself what is answered" in capsys.readouterr().out
