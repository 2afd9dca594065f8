"""A model that calls tools for ever comes to a clean end: it is told, then answered for if that was prepared."""

import json

import pytest

FIND = ("find_order", {"order": "A1"})


@pytest.fixture
def bounded(build):
    """A release whose agent `support` may call tools so often."""

    def make(most, calls=100):
        content = build().content
        agent = content.agents["support"]
        limits = agent.limits.model_copy(update={"max_tool_calls": most, "max_model_calls": 8})
        tool = content.tools["find-order"].model_copy(update={"max_calls_per_run": calls})
        changed = {
            "agents": content.agents | {"support": agent.model_copy(update={"limits": limits})},
            "tools": content.tools | {"find-order": tool},
        }
        return type(build()).of(content.model_copy(update=changed))

    return make


def text(answer):
    assert answer.status_code == 200
    return answer.json()["choices"][0]["message"]["content"]


def test_after_the_last_call_the_model_is_told_to_answer(serve, stub, reply, bounded):
    stub.script("primary-1", reply(tool=FIND), reply(tool=FIND), reply(tool=FIND), reply("done"))
    stub.script("shop", reply(body={}))
    answer = serve(bounded(2)).chat()
    assert (text(answer), answer.headers["x-mooring-rung"]) == ("done", "L0")
    told = [message["content"] for message in stub.requests[-1]["messages"] if message["role"] == "tool"]
    assert "this run has made all of its 2 calls of tools: answer now with what you know" in told[-1]
    assert len(stub.services) == 2


@pytest.mark.parametrize("stream", [False, True], ids=["plain", "stream"])
def test_a_model_that_goes_on_all_the_same_is_an_error(serve, stub, reply, bounded, stream):
    stub.script("primary-1", reply(tool=FIND))
    stub.script("shop", reply(body={}))
    answer = serve(bounded(2)).chat(stream=stream)
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "run_limit_exceeded")
    assert (len(stub.services), len(stub.asked("primary-1"))) == (2, 4)


@pytest.mark.parametrize(("asked", "says"), [("订单 A1 到哪里了？", "抱歉，"), ("Where is A1?", "Sorry, ")])
def test_the_limit_is_told_in_the_language_of_the_question(serve, stub, reply, bounded, asked, says):
    stub.script("primary-1", reply(tool=FIND))
    stub.script("shop", reply(body={}))
    assert serve(bounded(2)).chat(asked).json()["error"]["message"].startswith(says)


def test_a_stream_that_has_begun_ends_with_the_error(serve, stub, reply, bounded):
    stub.script("primary-1", reply("One moment.", tool=FIND))
    stub.script("shop", reply(body={}))
    answer = serve(bounded(1)).chat(stream=True)
    *said, last = [json.loads(line.removeprefix("data: ")) for line in answer.text.split("\n\n") if line]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in said).startswith("One moment.")
    assert (answer.status_code, last["error"]["code"]) == (200, "run_limit_exceeded")


def test_a_prepared_answer_is_better_than_none(serve, stub, reply, bounded, build):
    release = bounded(1)
    quick = release.content.resilience["quick"]
    preset = {"intent": "greeting", "match": ["hi"], "answer": {"en": "Hello from the shop."}}
    profile = type(quick).model_validate(
        quick.model_dump(mode="json") | {"ladder": quick.ladder.model_dump(mode="json") | {"presets": [preset]}}
    )
    release = type(release).of(release.content.model_copy(update={"resilience": {"quick": profile}}))
    stub.script("primary-1", reply(tool=FIND))
    stub.script("shop", reply(body={}))
    answer = serve(release).chat()
    assert text(answer) == "Hello from the shop."
    assert answer.headers["x-mooring-rung"] == "L3"


def test_a_call_that_would_need_approval_is_refused_before_anybody_is_asked(serve, stub, reply, bounded):
    stub.script("primary-1", reply(tool=FIND), reply(tool=("refund_order", {"order": "A1"})), reply("done"))
    stub.script("shop", reply(body={}))
    assert text(serve(bounded(1)).chat()) == "done"


def test_calls_of_tools_that_there_are_not_end_as_well(serve, stub, reply, bounded):
    stub.script("primary-1", reply(tool=("steal_order", {})))
    for other in ("alternate-1", "small-1"):
        stub.script(other, reply("I have no such tool."))
    assert text(serve(bounded(5)).chat()) == "I have no such tool."
