"""The same Idempotency-Key gives the same run, and the agent is asked once."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import openai
import pytest

from mooring.runtime.core.caller import Caller
from mooring.runtime.door.calling import CALLER
from tests.runtime.sample import limits

USER = {"role": "user", "content": "hi"}
CHAT = {"model": "support", "messages": [USER]}
RESPONSE = {"model": "support", "input": "hi"}
RUN = {"message": "hi"}
EACH = [("/v1/chat/completions", CHAT), ("/v1/responses", RESPONSE), ("/agents/support/runs?wait=true", RUN)]


def post(serving: Any, path: str, body: Any, key: str = "k", **more: Any) -> Any:
    return serving.http.post(path, json=body | more, headers={"idempotency-key": key})


def end(stream: Any) -> Any:
    """What a stream says last of its run."""
    last = [line for line in stream.text.splitlines() if line.startswith("data: {")][-1]
    said = json.loads(last.removeprefix("data: "))
    return said.get("response") or said


@pytest.mark.parametrize(("path", "body"), EACH)
def test_the_same_key_gives_the_same_answer(serve, stub, reply, path, body):
    stub.script("primary-1", reply("one"), reply("two"))
    blue, green = serve(), serve(slot="green")
    answers = [post(slot, path, body) for slot in (blue, blue, green)]
    assert {answer.status_code for answer in answers} == {200}
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None, "true", "true"]
    assert len({answer.headers["x-mooring-run"] for answer in answers}) == 1
    assert {answer.headers["x-mooring-rung"] for answer in answers} == {"L0"}
    assert len(stub.requests) == 1
    assert post(blue, path, body, "another").headers["x-mooring-run"] != answers[0].headers["x-mooring-run"]
    assert len(stub.requests) == 2


@pytest.mark.parametrize(("path", "body"), EACH[:2])
def test_a_stream_is_given_again_as_a_whole(serve, stub, reply, path, body):
    stub.script("primary-1", reply("one two three"), reply("else"))
    serving = serve()
    first, again = (post(serving, path, body, stream=True) for _ in range(2))
    assert again.headers["content-type"] == first.headers["content-type"]
    assert (again.headers["idempotent-replayed"], len(stub.requests)) == ("true", 1)
    assert "one two three " in again.text
    assert end(again) == end(first)


@pytest.mark.parametrize(("path", "body"), EACH)
def test_another_request_with_the_key_is_refused(serve, path, body):
    serving = serve()
    post(serving, path, body)
    for other_path, other in [(path, body | {"metadata": {"a": "b"}}), *(each for each in EACH if each[0] != path)]:
        answer = post(serving, other_path, other)
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "idempotency_conflict")


def test_the_order_of_the_fields_makes_no_other_request(serve, stub):
    serving = serve()
    post(serving, "/v1/chat/completions/", dict(reversed(CHAT.items())))
    assert post(serving, "/v1/chat/completions", CHAT).headers["idempotent-replayed"] == "true"
    assert len(stub.requests) == 1


@pytest.mark.slow
@pytest.mark.parametrize(("path", "body"), EACH)
@pytest.mark.parametrize("slots", [("blue", "blue"), ("blue", "green")])
def test_who_asks_while_it_is_answered_waits_for_the_same_answer(serve, stub, reply, path, body, slots):
    stub.script("primary-1", reply("one", delay=0.4), reply("two"))
    patient = {"ladder": limits(10), "deadlineSeconds": 30}
    asked = [serve(slot=slot, **patient) for slot in slots] if len(set(slots)) > 1 else [serve(**patient)] * 2
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda slot: post(slot, path, body), asked * 3))
    assert {answer.status_code for answer in answers} <= {200, 202}
    assert len({answer.headers["x-mooring-run"] for answer in answers}) == 1
    assert len(stub.requests) == 1
    if "runs" not in path:
        assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
        assert all("one" in answer.text for answer in answers)


@pytest.mark.slow
def test_a_client_that_leaves_can_ask_again(serve, stub, reply):
    """The run goes on, though the profile would cancel it: that is what the key is for."""
    stub.script("primary-1", reply("here it is", delay=0.4), reply("two"))
    serving = serve(onDisconnect="cancel", ladder=limits(10), deadlineSeconds=30)
    with pytest.raises(Exception, match="timed out"):
        serving.http.post("/v1/chat/completions", json=CHAT, headers={"idempotency-key": "k"}, timeout=0.1)
    assert post(serving, "/v1/chat/completions", CHAT).json()["choices"][0]["message"]["content"] == "here it is"
    assert len(stub.requests) == 1


def test_a_failure_is_given_again(serve, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})))
    stub.script("shop", reply(body={}))
    serving = serve()
    first, again = (post(serving, "/v1/chat/completions", CHAT | {"model": "bounded"}) for _ in range(2))
    assert first.status_code == again.status_code == 502
    assert first.json() == again.json()
    assert len(stub.requests) == 3


def test_a_request_that_is_refused_uses_up_no_key(serve, stub):
    serving = serve()
    assert post(serving, "/v1/chat/completions", CHAT | {"n": 2}).status_code == 400
    assert post(serving, "/v1/responses", RESPONSE | {"previous_response_id": "resp_1"}).status_code == 400
    assert post(serving, "/v1/chat/completions", CHAT).status_code == 200


def test_what_waits_for_an_approval_is_given_again(serve, stub, reply):
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 5})), reply("Refunded."))
    stub.script("shop", reply(body={}))
    serving = serve()
    first, again = (post(serving, "/v1/chat/completions", CHAT).json() for _ in range(2))
    assert first == again
    assert first["mooring"]["status"] == "awaiting-approval"
    serving.http.post(f"/runs/{first['mooring']['run']}/approve?wait=true")
    assert post(serving, "/v1/chat/completions", CHAT).json()["choices"][0]["message"]["content"] == "Refunded."


@pytest.mark.parametrize("key", ["", "x" * 256, "caf\u00e9", "a\tb"])
def test_a_key_that_is_none_is_refused(module_server, key):
    headers = {"idempotency-key": key.encode("latin-1")}
    answer = module_server.http.post("/v1/chat/completions", json=CHAT, headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "idempotency-key")


def test_two_keys_are_refused(module_server):
    headers = [("idempotency-key", "a"), ("idempotency-key", "b")]
    assert module_server.http.post("/v1/responses", json=RESPONSE, headers=headers).status_code == 400


def test_a_key_is_its_tenants(serve, stub):
    """The same key of two tenants stands for two runs."""
    serving = serve()
    inner = serving.app.middleware_stack

    async def called(scope: Any, receive: Any, send: Any) -> None:
        tenants = [value.decode() for name, value in scope.get("headers", []) if name == b"x-tenant"]
        await inner(scope | {CALLER: Caller(tenant=tenants[0])} if tenants else scope, receive, send)

    serving.app.middleware_stack = called
    runs = [
        serving.http.post("/v1/responses", json=RESPONSE, headers={"idempotency-key": "k", "x-tenant": tenant})
        for tenant in ("one", "two", "one")
    ]
    names = [answer.headers["x-mooring-run"] for answer in runs]
    assert (names[0] == names[2], names[0] == names[1], len(stub.requests)) == (True, False, 2)
    path = f"/v1/responses/{runs[0].json()['id']}"
    seen = [serving.http.get(path, headers={"x-tenant": tenant}).status_code for tenant in ("one", "two")]
    assert seen == [200, 404]
    stolen = RESPONSE | {"previous_response_id": runs[0].json()["id"]}
    answer = serving.http.post("/v1/responses", json=stolen, headers={"x-tenant": "two"})
    assert answer.json()["error"]["code"] == "previous_response_not_found"
    for method, way in (("POST", f"{path}/cancel"), ("DELETE", path), ("GET", f"{path}/input_items")):
        assert serving.http.request(method, way, headers={"x-tenant": "two"}).status_code == 404


def test_the_official_client_sends_a_key(serve, stub):
    ours = openai.OpenAI(base_url=f"{serve().url}/v1", api_key="none", max_retries=0)
    made = [
        ours.responses.create(model="support", input="x", extra_headers={"Idempotency-Key": "mine"}) for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(stub.requests) == 1


def test_a_key_needs_a_disk(serve, tmp_path):
    """Nothing that cannot be kept is promised to be done once."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "state.db").mkdir()
    answer = post(serve(), "/v1/chat/completions", CHAT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unavailable")
