"""A response is asked for again, cancelled and deleted, in either slot."""

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest


def client(serving: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{serving.url}/v1", api_key="none", max_retries=0)


def ended(ours: openai.OpenAI, response: str) -> Any:
    end = time.monotonic() + 5
    while (found := ours.responses.retrieve(response)).status in ("queued", "in_progress"):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def test_a_response_is_the_same_in_the_other_slot(serve, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    blue, green = serve(), serve(slot="green")
    made = client(blue).responses.create(model="support", input="where?", metadata={"a": "b"})
    assert client(green).responses.retrieve(made.id) == made


def test_a_response_is_there_after_a_restart(serve, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    first = serve()
    made = client(first).responses.create(model="support", input="where?")
    first.stop()
    assert client(serve()).responses.retrieve(made.id).output_text == "It has shipped."


def test_what_is_not_to_be_stored_cannot_be_found(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    ours = client(serve())
    made = ours.responses.create(model="support", input="x", store=False)
    assert (made.output_text, made.model_extra and made.model_extra["store"]) == ("yes", False)
    with pytest.raises(openai.NotFoundError) as caught:
        ours.responses.retrieve(made.id)
    assert caught.value.code == "response_not_found"


@pytest.mark.parametrize("call", ["retrieve", "cancel", "delete"])
def test_a_response_that_is_not_there_is_not_found(serve, call):
    ours = client(serve())
    for name in ("resp_none", "run_none", "x"):
        with pytest.raises(openai.NotFoundError) as caught:
            getattr(ours.responses, call)(name)
        assert caught.value.code == "response_not_found"


def test_a_run_that_was_no_response_is_none(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    serving = serve()
    run = serving.http.post("/agents/support/runs?wait=true", json={"message": "x"}).json()["id"]
    assert serving.http.get(f"/v1/responses/{run.replace('run_', 'resp_')}").status_code == 404


def test_a_response_in_the_background_is_promised_at_once(serve, stub, reply):
    stub.script("primary-1", reply("done", delay=0.3))
    ours = client(serve())
    made = ours.responses.create(model="support", input="x", background=True)
    assert (made.status, made.output, made.background, made.usage) == ("in_progress", [], True, None)
    assert ended(ours, made.id).output_text == "done"


def test_a_response_is_cancelled(serve, stub, reply):
    stub.script("primary-1", reply("late", delay=0.4))
    ours = client(serve())
    made = ours.responses.create(model="support", input="x", background=True)
    cancelled = ours.responses.cancel(made.id)
    assert (cancelled.status, cancelled.output, cancelled.error) == ("cancelled", [], None)
    assert ours.responses.cancel(made.id) == cancelled == ours.responses.retrieve(made.id)


def test_whoever_waits_for_a_response_that_is_cancelled_is_told_so(serve, stub, reply):
    """As an answer, with 200: nothing failed, and a deployment is not rolled back for it."""
    stub.script("primary-1", reply("one two three four five six", pace=0.2), reply("late", delay=10))
    serving = serve(ladder={"rungs": {"L0": {"timeoutSeconds": 20}}}, deadlineSeconds=40)
    ours = client(serving)
    stream = ours.responses.create(model="support", input="x", stream=True)
    first = next(iter(stream))
    assert first.type == "response.created"
    key = {"Idempotency-Key": "k"}
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(ours.responses.create, model="support", input="x", extra_headers=key)
        ours.responses.cancel(first.response.id)
        *_, last = stream
        assert last.type == "response.failed"
        assert (last.response.status, last.response.error) == ("cancelled", None)
        begun(serving, f"resp_{under_key('k')}")
        ours.responses.cancel(f"resp_{under_key('k')}")
        assert waiting.result().status == "cancelled"
    again = ours.responses.create(model="support", input="x", extra_headers=key)
    assert (again.id, again.status) == (f"resp_{under_key('k')}", "cancelled")
    assert serving.settled()["failed"] == 0


def begun(serving: Any, response: str) -> None:
    """Waits until a response is being made."""
    end = time.monotonic() + 5
    while serving.http.get(f"/v1/responses/{response}").status_code == 404:
        assert time.monotonic() < end
        time.sleep(0.01)


def under_key(key: str) -> str:
    """What the run of a key is called."""
    return hashlib.sha256(json.dumps(["", key]).encode()).hexdigest()[:32]


def test_cancelling_what_has_ended_changes_nothing(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    ours = client(serve())
    made = ours.responses.create(model="support", input="x")
    assert ours.responses.cancel(made.id) == made


@pytest.mark.slow
def test_what_cannot_be_cancelled_says_so(serve, stub, reply):
    stub.script("primary-1", reply("late", delay=0.4))
    blue, green = serve(), serve(slot="green")
    made = client(blue).responses.create(model="support", input="x", background=True)
    with pytest.raises(openai.ConflictError) as caught:
        client(green).responses.cancel(made.id)
    assert caught.value.code == "run_under_way"
    assert "another process" in str(caught.value)
    assert ended(client(blue), made.id).status == "completed"


def test_a_deleted_response_is_gone(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    serving = serve()
    ours = client(serving)
    made = ours.responses.create(model="support", input="x")
    ours.responses.delete(made.id)
    assert serving.http.get(f"/v1/responses/{made.id}").status_code == 404
    assert serving.http.delete(f"/v1/responses/{made.id}").status_code == 404


def test_what_is_under_way_is_not_deleted(serve, stub, reply):
    stub.script("primary-1", reply("late", delay=0.3))
    ours = client(serve())
    made = ours.responses.create(model="support", input="x", background=True)
    with pytest.raises(openai.ConflictError) as caught:
        ours.responses.delete(made.id)
    assert caught.value.code == "run_under_way"


def test_the_input_is_listed(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    ours = client(serve())
    said: Any = [{"role": role, "content": role[0]} for role in ("user", "assistant", "user")]
    made = ours.responses.create(model="support", input=said)
    newest_first: Any = list(ours.responses.input_items.list(made.id, limit=2))
    told = [(item.role, item.content[0].text) for item in newest_first]
    assert told == [("user", "u"), ("assistant", "a"), ("user", "u")]
    page = ours.responses.input_items.list(made.id, order="asc", limit=1)
    assert (page.data[0].id, page.has_more) == (newest_first[-1].id, True)


@pytest.mark.parametrize("query", ["order=up", "limit=0", "limit=101", "limit=x"])
def test_a_wrong_page_is_refused(serve, stub, reply, query):
    serving = serve()
    made = client(serving).responses.create(model="support", input="x")
    answer = serving.http.get(f"/v1/responses/{made.id}/input_items?{query}")
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, query.partition("=")[0])


def test_an_item_that_is_not_there_has_none_after_it(serve):
    serving = serve()
    made = client(serving).responses.create(model="support", input="x")
    answer = serving.http.get(f"/v1/responses/{made.id}/input_items?after=msg_1")
    assert (answer.status_code, answer.json()["error"]["param"]) == (404, "after")


def test_a_disk_that_fails_costs_the_record_and_not_the_answer(serve, stub, reply, tmp_path):
    stub.script("primary-1", reply("yes"))
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").mkdir()
    made = client(serve()).responses.create(model="support", input="x")
    assert (made.output_text, made.model_extra and made.model_extra["store"]) == ("yes", False)


def test_a_response_that_waits_for_a_person_is_incomplete_and_completed_by_the_approval(serve, stub, reply):
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})), reply("Refunded."))
    stub.script("shop", reply(body={}))
    serving = serve()
    ours = client(serving)
    made = ours.responses.create(model="support", input="refund A1")
    assert made.status == "incomplete"
    assert made.model_extra is not None
    facts = made.model_extra["mooring"]
    assert facts["status"] == "awaiting-approval"
    assert [call["tool"] for call in facts["approvals"]] == ["refund_order"]
    assert made.output_text
    assert ours.responses.retrieve(made.id) == made
    for refused in (
        lambda: ours.responses.cancel(made.id),
        lambda: ours.responses.create(model="support", input="and?", previous_response_id=made.id),
    ):
        with pytest.raises(openai.ConflictError) as caught:
            refused()
        assert caught.value.code == "run_waiting"
    serving.http.post(f"/runs/{facts['run']}/approve?wait=true")
    assert ended(ours, made.id).output_text == "Refunded."
    stub.script("primary-1", reply("You are welcome."))
    ours.responses.create(model="support", input="thanks", previous_response_id=made.id)
    said = [m["content"] for m in stub.asked("primary-1")[-1]["messages"] if m["role"] == "user"]
    assert said == ["Customer: refund A1", "Customer: thanks"]
