"""A rung with a prompt, tools and limits of its own: what its model is told, and what stays of the conversation."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.simulator.request import ChatRequest, check
from tests.runtime.hosting import Serving, rung_of
from tests.runtime.sample import sample

FIND = ("find_order", {"order": "A1"})
TERSE: dict[str, Any] = {"model": "small", "prompt": "terse", "tools": []}


def release(standing: dict[str, Any] | str, agent: str = "support", **profile: Any) -> Release:
    """The sample release, in which an agent has this L2, and a terse prompt to tell it."""
    data = sample(**profile).content.model_dump(mode="json")
    data["agents"][agent]["models"]["L2"] = standing
    prompt = json.loads(json.dumps(data["prompts"]["support"])) | {"name": "terse"}
    prompt["input"]["required"] = ["message"]
    prompt["messages"] = [
        {"role": "system", "content": "Short answers for {{ shop }}."},
        {"role": "user", "content": "Q: {{ message }}"},
    ]
    data["prompts"]["terse"] = prompt
    return Release.of(ReleaseContent.model_validate(data))


@pytest.fixture
def down(stub: Any, reply: Any) -> None:
    """Both vendors are down."""
    for model in ("primary-1", "alternate-1"):
        stub.script(model, reply(status=503))


def texts(body: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in body["messages"]]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_rung_is_told_its_own_prompt_and_no_tools(serve, stub, down, stream):
    answer = serve(release(TERSE | {"maxOutputTokens": 64})).chat("where is it?", stream=stream)
    assert rung_of(answer) == "L2"
    (asked,) = stub.asked("small-1")
    assert texts(asked) == [("system", "Short answers for Tidewater."), ("user", "Q: where is it?")]
    assert "tools" not in asked
    assert asked.get("max_completion_tokens", asked.get("max_tokens")) == 64


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_the_other_rungs_are_told_the_agents(serve, stub, down, stream):
    serve(release(TERSE)).chat("where is it?", stream=stream)
    for model in ("primary-1", "alternate-1"):
        asked = stub.asked(model)[0]
        assert texts(asked) == [("system", "You serve Tidewater."), ("user", "Customer: where is it?")]
        assert [tool["function"]["name"] for tool in asked["tools"]] == ["find_order", "refund_order"]
        assert asked.get("max_completion_tokens", asked.get("max_tokens")) == 1024


def test_some_of_the_tools_are_those_that_it_is_told_of(serve, stub, down):
    serve(release({"model": "small", "tools": ["find-order"]})).chat()
    (asked,) = stub.asked("small-1")
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["find_order"]
    assert texts(asked)[0] == ("system", "You serve Tidewater.")


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_what_tools_gave_before_is_told_in_words(serve, stub, reply, stream):
    stub.script("primary-1", reply(tool=FIND), reply(status=503))
    stub.script("alternate-1", reply(status=503))
    stub.script("shop", reply(body={"order": "A1", "state": "in the post"}))
    answer = serve(release(TERSE)).chat("where is A1?", stream=stream)
    assert answer.status_code == 200
    (asked,) = stub.asked("small-1")
    check(ChatRequest.model_validate(asked))
    assert [role for role, _ in texts(asked)] == ["system", "user", "assistant", "user"]
    assert texts(asked)[1] == ("user", "Q: where is A1?")
    assert texts(asked)[2] == ("assistant", '[called find_order with {"order":"A1"}]')
    assert "in the post" in texts(asked)[3][1]


def test_calls_of_tools_that_it_may_call_stay_calls(serve, stub, reply):
    stub.script("primary-1", reply(tool=FIND), reply(status=503))
    stub.script("alternate-1", reply(status=503))
    stub.script("shop", reply(body={"order": "A1"}))
    serve(release({"model": "small", "prompt": "terse", "tools": ["find-order"]})).chat("where is A1?")
    (asked,) = stub.asked("small-1")
    check(ChatRequest.model_validate(asked))
    assert [role for role, _ in texts(asked)] == ["system", "user", "assistant", "tool"]
    assert asked["messages"][2]["tool_calls"][0]["function"]["name"] == "find_order"


def test_what_was_said_before_stays(serve, stub, down):
    history = [
        {"role": "user", "content": "my name is Ann"},
        {"role": "assistant", "content": "Hello Ann."},
        {"role": "user", "content": "who am I?"},
    ]
    serve(release(TERSE)).http.post("/v1/chat/completions", json={"model": "support", "messages": history})
    (asked,) = stub.asked("small-1")
    assert texts(asked) == [
        ("system", "Short answers for Tidewater."),
        ("user", "my name is Ann"),
        ("assistant", "Hello Ann."),
        ("user", "Q: who am I?"),
    ]


def test_the_next_turn_of_a_conversation_is_told_to_the_primary_as_ever(serve, stub, reply, down):
    serving = serve(release(TERSE))
    talk = {"conversation": "talk-1"}
    path = "/agents/support/runs?wait=true"
    first = serving.http.post(path, json={"message": "one"} | talk).json()
    assert (first["status"], first["rung"]) == ("done", "L2")
    stub.script("primary-1", reply("back"))
    assert serving.http.post(path, json={"message": "two"} | talk).json()["rung"] == "L0"
    said = texts(stub.asked("primary-1")[-1])
    assert said[0] == ("system", "You serve Tidewater.")
    assert said[1:] == [("user", "Customer: one"), ("assistant", "hello"), ("user", "Customer: two")]


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_tool_that_the_rung_may_not_call_is_not_called(serve, stub, reply, down, stream):
    stub.script("small-1", reply(tool=FIND))
    answer = serve(release(TERSE)).chat(stream=stream)
    assert "Sorry." in answer.text
    assert not stub.services


@pytest.mark.parametrize("limit", [None, 300])
def test_a_conversation_is_trimmed_to_what_the_rung_reads(serve, stub, down, limit):
    old = [{"role": role, "content": f"{role} {n} " + "word " * 60} for n in range(8) for role in ("user", "assistant")]
    standing = TERSE | ({"maxInputTokens": limit} if limit else {})
    messages = [*old, {"role": "user", "content": "and now?"}]
    serving = serve(release(standing))
    assert serving.http.post("/v1/chat/completions", json={"model": "support", "messages": messages}).is_success
    (asked,) = stub.asked("small-1")
    said = " ".join(text for _, text in texts(asked))
    assert texts(asked)[0] == ("system", "Short answers for Tidewater.")
    assert texts(asked)[-1] == ("user", "Q: and now?")
    assert ("left out" in said) is (limit is not None)
    assert len(stub.asked("primary-1")[0]["messages"]) == len(messages) + 1


@pytest.mark.slow
def test_the_rung_has_its_own_time(serve, stub, reply, down):
    stub.script("small-1", reply("slowly", delay=0.8))
    assert rung_of(serve(release(TERSE | {"timeoutSeconds": 0.4})).chat()) == "L4"
    assert rung_of(serve(release(TERSE | {"timeoutSeconds": 3})).chat()) == "L2"


def test_a_stream_that_dies_is_continued_by_a_rung_with_its_own_prompt(serve, stub, reply):
    stub.script("primary-1", reply("one two three four five", cut="broken"))
    stub.script("alternate-1", reply(status=503))
    stub.script("small-1", reply("six seven."))
    answer = serve(release(TERSE)).chat("count", stream=True)
    assert answer.status_code == 200
    (asked,) = stub.asked("small-1")
    assert texts(asked)[:2] == [("system", "Short answers for Tidewater."), ("user", "Q: count")]
    assert texts(asked)[2][0] == "assistant"
    assert "one two" in texts(asked)[2][1]


def test_a_run_that_waited_for_a_person_goes_on_there_too(serve, stub, reply):
    stub.script("primary-1", reply(tool=("refund_order", {"order": "A1", "cents": 500})), reply(status=503))
    stub.script("alternate-1", reply(status=503))
    stub.script("shop", reply(body={"refunded": True}))
    serving = serve(release(TERSE))
    run = serving.http.post("/agents/support/runs?wait=true", json={"message": "refund A1"}).json()
    assert run["status"] == "awaiting-approval"
    done = serving.http.post(f"/runs/{run['id']}/approve?wait=true", json={}).json()
    assert (done["status"], done["rung"]) == ("done", "L2"), done
    (asked,) = stub.asked("small-1")
    assert texts(asked)[:2] == [("system", "Short answers for Tidewater."), ("user", "Q: refund A1")]
    assert "refunded" in texts(asked)[-1][1]


def test_the_output_contract_holds_there_too(serve, stub, reply, down):
    stub.script("small-1", reply("no"), reply('{"ok": true}'))
    answer = serve(release(TERSE, agent="json")).chat(agent="json")
    assert rung_of(answer) == "L2"
    first, second = stub.asked("small-1")
    assert texts(first)[:2] == texts(second)[:2] == [("system", "Short answers for Tidewater."), ("user", "Q: hi")]


class Strict:
    """Messages as Anthropic takes them: what mentions tools must list them."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []

    def app(self) -> Starlette:
        return Starlette(routes=[Route("/v1/messages", self.messages, methods=["POST"])])

    async def messages(self, request: Request) -> JSONResponse:
        body = await request.json()
        self.asked.append(body)
        blocks = [b for m in body["messages"] for b in m["content"] if isinstance(b, dict)]
        if not body.get("tools") and any(block["type"] in ("tool_use", "tool_result") for block in blocks):
            return JSONResponse({"type": "error", "error": {"type": "invalid_request_error", "message": "tools"}}, 400)
        head = {"id": "m1", "type": "message", "role": "assistant", "model": body["model"]}
        content = [{"type": "text", "text": "strictly"}]
        usage = {"input_tokens": 9, "output_tokens": 2}
        end = {"stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
        return JSONResponse(head | {"content": content} | end)


@pytest.fixture
def strict() -> Iterator[tuple[Strict, str]]:
    vendor = Strict()
    serving = Serving(vendor.app()).start()
    yield vendor, serving.url
    serving.stop()


def anthropic(url: str, openai: str) -> Callable[[Release], Release]:
    """Makes L2 of a release a model of Anthropic's API, and calls all models where they are."""

    def made(before: Release) -> Release:
        data = before.content.model_dump(mode="json")
        data["environment"]["endpoints"] = "real"
        for model in data["models"].values():
            model["baseUrl"] = f"{openai}/v1"
        data["models"]["small"] |= {"apiType": "anthropic-messages", "baseUrl": url}
        return Release.of(ReleaseContent.model_validate(data))

    return made


def test_a_vendor_of_the_other_api_takes_a_conversation_with_calls_of_tools(serve, stub, reply, strict):
    vendor, url = strict
    stub.script("primary-1", reply(tool=FIND), reply(status=503))
    stub.script("alternate-1", reply(status=503))
    stub.script("shop", reply(body={"order": "A1", "state": "in the post"}))
    serving = serve(anthropic(url, stub.url)(release(TERSE)), environ={"SMALL_KEY": "x"})
    answer = serving.chat("where is A1?")
    assert (rung_of(answer), answer.json()["choices"][0]["message"]["content"]) == ("L2", "strictly")
    (asked,) = vendor.asked
    assert "Short answers for Tidewater." in json.dumps(asked["system"])
    assert "in the post" in json.dumps(asked["messages"])


def test_the_short_form_and_a_mapping_with_the_model_alone_are_one_release():
    assert release({"model": "small"}).digest == release("small").digest
