"""Runs are started, looked at from either slot, paused for approval, and gone on with in their own release."""

import time

import pytest

from mooring.release.release import Release
from mooring.release.store import Store
from tests.runtime.sample import limits

REFUND = ("refund_order", {"order": "A1", "cents": 500})


def ended(serving, run: str) -> dict:
    """The run once it is neither queued nor running."""
    end = time.monotonic() + 5
    while (body := serving.http.get(f"/runs/{run}").json())["status"] in ("queued", "running"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return body


@pytest.fixture
def paused(serve, stub, reply):
    """A server with a run that waits for approval of a refund."""
    stub.script("primary-1", reply(tool=REFUND), reply("Refunded."))
    stub.script("shop", reply(body={"refunded": True}))
    serving = serve()
    answer = serving.http.post("/agents/support/runs?wait=true", json={"message": "refund A1"})
    assert answer.status_code == 200
    assert answer.json()["status"] == "awaiting-approval"
    return serving, answer.json()["id"]


def test_a_run_is_accepted_and_can_be_looked_at(serve, stub, reply, build):
    stub.script("primary-1", reply("In the post.", delay=0.1))
    release = build()
    serving = serve(release)
    accepted = serving.http.post("/agents/support/runs", json={"message": "where is it?"})
    assert accepted.status_code == 202
    assert accepted.json()["status"] in ("queued", "running")
    assert accepted.headers["location"] == f"/runs/{accepted.json()['id']}"
    run = ended(serving, accepted.json()["id"])
    assert (run["status"], run["answer"], run["rung"]) == ("done", "In the post.", "L0")
    assert run["release"] == release.digest
    assert run["usage"] == {"input_tokens": 100, "output_tokens": 20}
    assert run["cost_usd"] == pytest.approx(0.0018)


def test_a_run_started_on_one_slot_is_read_on_the_other(serve, build):
    blue, green = serve(build(), "blue"), serve(build(), "green")
    run = blue.http.post("/agents/support/runs?wait=true", json={"message": "hi"}).json()
    assert green.http.get(f"/runs/{run['id']}").json() == run


def test_history_and_declared_variables_reach_the_prompt(serve, stub):
    body = {"message": "and now?", "variables": {"page": "p. 3"}, "history": [{"role": "user", "content": "first"}]}
    assert serve().http.post("/agents/page/runs?wait=5", json=body).json()["status"] == "done"
    sent = [m["content"] for m in stub.requests[0]["messages"]]
    assert sent == ["On p. 3", "I see.", "first", "and now?"]


def test_a_request_cannot_set_what_the_release_governs(serve):
    answer = serve().http.post("/agents/page/runs", json={"message": "x", "variables": {"shop": "Evil"}})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_variable")


def test_a_missing_variable_is_the_requests_fault(serve):
    run = serve().http.post("/agents/page/runs?wait=true", json={"message": "x"}).json()
    assert (run["status"], run["error"]["code"]) == ("failed", "invalid_request")


def test_a_message_that_breaks_the_prompts_input_is_refused_before_a_run_begins(serve):
    answer = serve().http.post("/agents/support/runs", json={"message": "x" * 2001})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "invalid_request", "message")
    assert error["message"] == "message breaks maxLength 2000 of the prompt's input"


def test_a_call_that_needs_approval_waits(paused, stub):
    serving, run = paused
    waiting = serving.http.get(f"/runs/{run}").json()
    assert [(call["tool"], call["arguments"]) for call in waiting["approvals"]] == [REFUND]
    assert waiting["answer"] is None
    assert not stub.services


def test_an_approved_run_goes_on(paused, stub):
    serving, run = paused
    answer = serving.http.post(f"/runs/{run}/approve?wait=true").json()
    assert (answer["status"], answer["answer"]) == ("done", "Refunded.")
    assert answer["usage"]["input_tokens"] == 200
    assert [(call["name"], call["outcome"]) for call in answer["tool_calls"]] == [("refund_order", "done")]
    [(method, path, headers, sent)] = stub.services
    assert (method, path, sent) == ("POST", "/services/shop/orders/A1/refund", {"cents": 500})
    assert (headers["idempotency-key"], headers["x-mooring-run"]) == ("refund-A1", run)


def test_a_denied_run_goes_on_without_the_call(paused, stub):
    serving, run = paused
    answer = serving.http.post(f"/runs/{run}/deny?wait=true", json={"message": "too much"}).json()
    assert answer["status"] == "done"
    assert not stub.services
    assert stub.requests[-1]["messages"][-1]["content"].endswith("too much")


def test_a_run_is_approved_once(paused, stub):
    serving, run = paused
    serving.http.post(f"/runs/{run}/approve?wait=true")
    again = serving.http.post(f"/runs/{run}/approve")
    assert (again.status_code, again.json()["error"]["code"]) == (409, "run_not_waiting")
    assert len(stub.services) == 1


@pytest.mark.slow
def test_where_there_is_an_approval_key_only_its_holder_approves(serve, paused):
    _, run = paused
    green = serve(slot="green", environ={"MOORING_APPROVAL_KEY": "secret"})
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": "secre"}):
        refused = green.http.post(f"/runs/{run}/approve", headers=headers)
        assert (refused.status_code, refused.json()["error"]["code"]) == (401, "approval_unauthorized")
    assert green.http.post(f"/runs/{run}/approve", headers={"authorization": "Bearer secret"}).status_code == 202


def test_beyond_development_nobody_approves_without_a_key(serve, build):
    content = build().content
    environment = content.environment.model_copy(update={"tier": "production"})
    serving = serve(Release.of(content.model_copy(update={"environment": environment})))
    refused = serving.http.post("/runs/any/deny")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "approval_forbidden")


def test_a_run_goes_on_in_the_release_it_began_with(paused, serve, build, tmp_path, stub):
    _, run = paused
    Store(tmp_path / "state" / "releases").put(build())
    green = serve(build(deadlineSeconds=4), "green")
    answer = green.http.post(f"/runs/{run}/approve?wait=true").json()
    assert (answer["status"], answer["release"], answer["slot"]) == ("done", build().digest, "green")


def test_a_run_whose_release_is_gone_keeps_waiting(paused, serve, build):
    _, run = paused
    green = serve(build(deadlineSeconds=4), "green")
    answer = green.http.post(f"/runs/{run}/approve")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "release_unavailable")
    assert green.http.get(f"/runs/{run}").json()["status"] == "awaiting-approval"


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_chat_that_needs_approval_says_so_and_can_be_approved(serve, stub, reply, stream):
    stub.script("primary-1", reply(tool=REFUND), reply("Refunded."))
    stub.script("shop", reply(body={}))
    serving = serve()
    answer = serving.chat("refund", stream=stream)
    assert "Waiting for a person to approve: refund_order." in answer.text
    assert '"status":"awaiting-approval"' in answer.text
    run = serving.http.post(f"/runs/{answer.headers['x-mooring-run']}/approve?wait=true").json()
    assert (run["status"], run["answer"]) == ("done", "Refunded.")


def test_a_chat_that_needs_approval_keeps_to_its_language(serve, stub, reply):
    stub.script("primary-1", reply(tool=REFUND))
    serving = serve(ladder={"apology": {"en": "Sorry.", "zh": "抱歉。"}})
    answer = serving.chat("请给我的订单退款")
    assert answer.json()["choices"][0]["message"]["content"] == "需要人工批准后才能继续：refund_order。"
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply(status=401))
    stub.script("shop", reply(body={}))
    run = serving.http.post(f"/runs/{answer.headers['x-mooring-run']}/approve?wait=true").json()
    assert (run["rung"], run["answer"]) == ("L4", "抱歉。")


def test_a_run_that_fails_says_why(serve, stub, reply):
    stub.script("primary-1", reply(status=400))
    run = serve().http.post("/agents/support/runs?wait=true", json={"message": "x"}).json()
    assert (run["status"], run["error"]["code"]) == ("failed", "model_rejected_request")


def test_runs_that_a_slots_end_interrupted_are_put_down_as_failed(serve, stub, reply, build):
    stub.script("primary-1", reply(delay=3))
    dying = serve(build(ladder=limits(5)), "blue")
    run = dying.http.post("/agents/support/runs", json={"message": "x"}).json()["id"]
    dying.settled()
    assert dying.runtime.busy() == 1
    dying.stop()
    shown = serve(build(), "green").http.get(f"/runs/{run}").json()
    assert (shown["status"], shown["error"]["code"]) == ("failed", "run_interrupted")


def test_an_unknown_run_is_not_found(serve):
    answer = serve().http.get("/runs/run_nothing")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "run_not_found")
