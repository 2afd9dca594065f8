"""Suites run through the real runtime in worker processes, against a scripted server."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.evaluate import pool
from mooring.evaluate.journal import read
from mooring.evaluate.processes import Process, fork
from mooring.evaluate.values import Trial
from mooring.release.release import Release
from tests.evaluate.run.conftest import Evaluate, MakeSuite
from tests.runtime.sample import sample
from tests.runtime.stub import Reply, Stub

HELLO = [{"type": "contains", "value": "hello"}]
FIND = Reply(tool=("find_order", {"order": "A-1"}))
REFUND = Reply(tool=("refund_order", {"order": "A-1"}))


def only(trials: tuple[Trial, ...]) -> Trial:
    (trial,) = trials
    return trial


def test_a_trial_says_what_was_said_called_and_used(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", FIND, Reply("hello, it is sent"))
    stub.script("shop", Reply(body={"status": "sent"}))
    results = evaluate(suite({"id": "where", "vars": {"message": "Where is it?"}, "assert": HELLO}))
    trial = only(results.trials)
    (reply,), (call,) = trial.replies, trial.replies[0].calls
    assert (trial.passed, reply.text, reply.rung) == (True, "hello, it is sent", "L0")
    assert (call.name, call.arguments, call.result, call.error) == (
        "find_order",
        {"order": "A-1"},
        {"status": "sent"},
        None,
    )
    assert (reply.input_tokens, reply.output_tokens) == (200, 40)
    assert reply.cost_usd == pytest.approx(0.0036)
    assert reply.latency_seconds
    assert (results.complete, results.evidence, trial.evidence) == (True, "simulated", "simulated")
    assert results.prompts == {"asked/where": "[system]\nYou serve Tidewater.\n\n[user]\nCustomer: Where is it?"}


def test_what_a_tool_said_wrong_is_in_the_call(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", FIND, Reply("hello"))
    stub.script("shop", Reply(status=404, body={"error": "no such order"}))
    call = only(evaluate(suite("Where?")).trials).replies[0].calls[0]
    assert call.result is None
    assert "404" in (call.error or "")


def test_a_conversation_carries_its_history(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", Reply("one"), Reply("two"))
    turns = [{"message": "first"}, {"message": "second"}]
    trial = only(evaluate(suite({"id": "long", "turns": turns})).trials)
    assert [reply.text for reply in trial.replies] == ["one", "two"]
    said = [message["content"] for message in stub.asked("primary-1")[1]["messages"]]
    assert said == ["You serve Tidewater.", "first", "one", "Customer: second"]


@pytest.mark.parametrize(
    ("decision", "error", "waiting", "refunds"),
    [
        ({}, "awaiting approval", ("refund_order",), 0),
        ({"approve": True}, None, (), 1),
        ({"approve": False}, "A person denied this call.", (), 0),
    ],
)
def test_a_case_says_whether_a_person_approves(
    stub: Stub,
    suite: MakeSuite,
    evaluate: Evaluate,
    decision: dict[str, bool],
    error: str | None,
    waiting: tuple[str, ...],
    refunds: int,
) -> None:
    stub.script("primary-1", REFUND, Reply("hello"))
    stub.script("shop", Reply(body={"done": True}))
    case = {"id": "refund", "vars": {"message": "Refund it.", **decision}, "assert": HELLO}
    reply = only(evaluate(suite(case)).trials).replies[0]
    assert (reply.calls[0].error, reply.awaiting_approval) == (error, waiting)
    assert len(stub.services) == refunds


def test_a_dead_endpoint_is_an_error_and_never_a_failure(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, Reply(status=500))
    trial = only(evaluate(suite({"id": "a", "vars": {"message": "hi"}, "assert": HELLO})).trials)
    assert trial.passed is None
    assert "no model answered" in (trial.replies[0].error or "")


@pytest.mark.slow
def test_an_endpoint_that_hangs_is_an_error_in_time(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", Reply("first"), Reply("late", delay=30))
    slow = sample(ladder={"rungs": {"L0": {"timeoutSeconds": 30}}, "apology": {"en": "Sorry."}}, deadlineSeconds=60)
    turns = [{"message": "one"}, {"message": "two"}]
    trial = only(evaluate(suite({"id": "hangs", "turns": turns}, timeoutSeconds=1), release=slow).trials)
    assert trial.passed is None
    assert [reply.text for reply in trial.replies] == ["first", ""]
    assert trial.replies[-1].error == "no answer within 1 seconds"
    assert trial.seconds < 5


def test_an_agent_that_breaks_its_limit_fails(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", FIND)
    stub.script("shop", Reply(body={}))
    case = {"id": "loop", "vars": {"message": "hi"}, "assert": [{"type": "not-contains", "value": "hello"}]}
    trial = only(evaluate(suite(case, agent="bounded")).trials)
    assert trial.passed is False
    assert [call.name for call in trial.replies[0].calls] == ["find_order"] * 3
    assert "more steps" in trial.scores[0].reason


@pytest.mark.slow
def test_no_more_are_asked_at_a_time_than_allowed(stub: Stub, suite: MakeSuite, evaluate: Evaluate) -> None:
    stub.script("primary-1", Reply("hello", delay=0.1))
    started = time.monotonic()
    results = evaluate(suite(*["hi"] * 40), concurrency=4, workers=2)
    assert len({trial.case for trial in results.trials}) == 40
    assert time.monotonic() - started >= 40 / 4 * 0.1


@pytest.mark.slow
def test_repeats_are_as_many_as_asked_for_or_one_where_answers_do_not_vary(
    suite: MakeSuite, evaluate: Evaluate
) -> None:
    several = suite("a", "b", repeats=3)
    counts = [len(evaluate(several, **more).trials) for more in ({}, {"repeats": 2}, {"evidence": "live"})]
    assert counts == [2, 4, 6]


def test_results_are_there_while_the_run_goes_on(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, tmp_path: Path
) -> None:
    seen: list[int] = []
    evaluate(suite("a", "b", "c"), lambda trial: seen.append(len(read(tmp_path / "trials.jsonl").trials)))
    assert seen == [1, 2, 3]


@pytest.mark.slow
def test_a_worker_that_dies_takes_only_its_own_questions_along(
    stub: Stub, suite: MakeSuite, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.script("primary-1", Reply("hello", delay=0.3))
    killed: list[int] = []
    workers: list[int] = []

    def noted(*arguments: Any) -> Process:
        process = fork(*arguments)
        workers.append(process.pid)
        return process

    monkeypatch.setattr(pool, "fork", noted)

    def kill_one(trial: Trial) -> None:
        if not killed:
            os.kill(workers[0], signal.SIGKILL)
            killed.append(workers[0])

    results = evaluate(suite(*["hi"] * 12), kill_one, concurrency=4, workers=2)
    lost = [trial for trial in results.trials if trial.passed is None and trial.replies[0].error]
    assert killed
    assert len(results.trials) == 12
    assert 1 <= len(lost) <= 2


def test_a_release_that_cannot_be_served_is_said_once(suite: MakeSuite, evaluate: Evaluate, release: Release) -> None:
    with pytest.raises(Failed, match="PRIMARY_KEY"):
        evaluate(suite("a"), evidence="live", environ={})


def test_nothing_to_ask_is_never_success(suite: MakeSuite, evaluate: Evaluate) -> None:
    with pytest.raises(Refused, match="nothing was evaluated"):
        evaluate(suite("a"), chosen={"asked": frozenset({"gone"})})
    with pytest.raises(Refused, match="agent nobody"):
        evaluate(suite("a", agent="nobody"))


@pytest.mark.slow
def test_a_budget_ends_the_run_and_marks_it(suite: MakeSuite, evaluate: Evaluate) -> None:
    asked = suite(*["hi"] * 20, defaultTest={"assert": HELLO})
    results = evaluate(asked, evidence="live", repeats=5, budget_usd=0.02)
    spent = sum(reply.cost_usd for trial in results.trials for reply in trial.replies)
    assert 0.01 < spent <= 0.02
    assert not results.complete
