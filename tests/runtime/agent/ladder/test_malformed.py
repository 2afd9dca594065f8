"""Whatever a model answers ends as an answer of some rung, never as an error of the server."""

import json
from typing import Any

import pytest

FIND = ("find_order", {"order": "A1"})
DONE = "data: [DONE]\n\n"


def call(number: int, **over: Any) -> dict[str, Any]:
    function = {"name": "find_order", "arguments": json.dumps({"order": f"A{number}"})}
    return {"index": number, "id": "same", "type": "function", "function": function} | over


def whole(message: dict[str, Any], finish: Any = "stop", **over: Any) -> str:
    choice = {"index": 0, "message": {"role": "assistant", "content": None} | message, "finish_reason": finish}
    head = {"id": "x", "object": "chat.completion", "created": 1, "model": "primary-1"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return json.dumps(head | {"choices": [choice], "usage": usage} | over)


def events(*deltas: dict[str, Any], finish: Any = None, done: bool = True) -> str:
    head = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "primary-1"}
    chunks = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    if finish is not None:
        chunks.append({"index": 0, "delta": {}, "finish_reason": finish})
    return "".join(f"data: {json.dumps(head | {'choices': [chunk]})}\n\n" for chunk in chunks) + (DONE if done else "")


MALFORMED = {
    "no choices": whole({}, choices=[]),
    "choices that are none": whole({}, choices=None),
    "no message": json.dumps({"id": "x", "object": "chat.completion", "choices": [{"index": 0}]}),
    "arguments that are no JSON": whole({"tool_calls": [call(0, function={"name": "find_order", "arguments": "{"})]}),
    "arguments that are a list": whole({"tool_calls": [call(0, function={"name": "find_order", "arguments": "[1]"})]}),
    "a tool that there is not": whole({"tool_calls": [call(0, function={"name": "burn", "arguments": "{}"})]}),
    "a tool without a name": whole({"tool_calls": [call(0, function={"name": None, "arguments": "{}"})]}),
    "a refusal": whole({"refusal": "I cannot."}),
    "a filtered answer": whole({"content": ""}, "content_filter"),
    "a failure behind a gateway": whole({"content": "half an ans"}, "error"),
    "a text": json.dumps("hello"),
    "a list": "[]",
    "nothing": "",
}
UNREADABLE, UNKNOWN = {"name": "find_order", "arguments": "{"}, {"name": "burn", "arguments": "{}"}
STREAMED = {
    "arguments that are no JSON": events({"tool_calls": [call(0, function=UNREADABLE)]}),
    "an index that is none": events({"tool_calls": [call(0, index=None, function=UNKNOWN)]}),
    "a failure behind a gateway": events({"content": "half an "}, finish="error"),
    "no end": events({"content": "half "}, done=False),
    "only an end": DONE,
    "chunks without choices": 'data: {"id": "x", "choices": []}\n\n' + DONE,
    "a delta that is none": 'data: {"id": "x", "choices": [{"index": 0, "delta": null}]}\n\n' + DONE,
    "nothing": "",
}


@pytest.mark.parametrize("raw", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_costs_a_rung(serve, stub, reply, raw):
    stub.script("primary-1", reply(raw=raw))
    stub.script("alternate-1", reply("All is well."))
    serving = serve(retry={"tries": 1})
    answer = serving.chat()
    assert (answer.status_code, answer.headers["x-mooring-rung"]) == (200, "L1")
    assert answer.json()["choices"][0]["message"]["content"] == "All is well."
    assert serving.settled()["failed"] == 0


@pytest.mark.parametrize("raw", STREAMED.values(), ids=STREAMED)
def test_a_malformed_stream_costs_a_rung(serve, stub, reply, raw):
    stub.script("primary-1", reply(raw=raw))
    stub.script("alternate-1", reply("All is well."))
    answer = serve(retry={"tries": 1}).chat(stream=True)
    assert answer.status_code == 200
    assert "All " in answer.text
    assert ": x-mooring-rung: L1" in answer.text


@pytest.mark.parametrize("raw", [MALFORMED["arguments that are no JSON"], MALFORMED["no choices"]])
def test_where_every_model_is_malformed_the_apology_answers(serve, stub, reply, raw):
    for model in ("primary-1", "alternate-1", "small-1"):
        stub.script(model, reply(raw=raw))
    answer = serve(retry={"tries": 1}).chat()
    assert (answer.status_code, answer.headers["x-mooring-rung"]) == (200, "L4")


@pytest.mark.parametrize("ids", [("same", "same"), ("", ""), (None, None)])
@pytest.mark.parametrize("streamed", [False, True])
def test_calls_of_the_same_id_are_both_made(serve, stub, reply, ids, streamed):
    calls = [call(number, id=given) for number, given in enumerate(ids)]
    raw = events({"tool_calls": calls}, finish="tool_calls") if streamed else whole({"tool_calls": calls}, "tool_calls")
    stub.script("primary-1", reply(raw=raw), reply("Both are there."))
    stub.script("shop", reply(body={}))
    answer = serve().chat(stream=streamed)
    assert answer.status_code == 200
    assert "there." in answer.text
    assert len(stub.services) == 2
    sent = stub.requests[-1]["messages"]
    made = [one["id"] for message in sent for one in message.get("tool_calls") or []]
    answered = [message["tool_call_id"] for message in sent if message["role"] == "tool"]
    assert len(set(made)) == 2
    assert all(made)
    assert answered == made


def test_an_id_that_was_given_in_an_earlier_step_becomes_another(serve, stub, reply):
    again = whole({"tool_calls": [call(0)]}, "tool_calls")
    stub.script("primary-1", reply(raw=again), reply(raw=again), reply("Found."))
    stub.script("shop", reply(body={}))
    answer = serve().chat()
    assert answer.json()["choices"][0]["message"]["content"] == "Found."
    made = [one["id"] for message in stub.requests[-1]["messages"] for one in message.get("tool_calls") or []]
    assert len(set(made)) == 2


@pytest.mark.parametrize("finish", ["", None])
def test_an_answer_without_a_reason_is_whole(serve, stub, reply, finish):
    stub.script("primary-1", reply(raw=whole({"content": "Hello there."}, finish)))
    answer = serve().chat()
    choice = answer.json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("Hello there.", "stop")
    assert answer.headers["x-mooring-rung"] == "L0"


@pytest.mark.parametrize("finish", ["", None])
def test_a_stream_that_ends_in_done_is_whole_without_a_reason(serve, stub, reply, finish):
    stub.script("primary-1", reply(raw=events({"content": "Hello "}, {"content": "there."}, finish=finish)))
    answer = serve().chat(stream=True)
    chunks = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line.startswith("data: {")]
    said = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
    assert (said, chunks[-1]["choices"][0]["finish_reason"]) == ("Hello there.", "stop")
    assert (chunks[-1]["mooring"]["rung"], chunks[-1]["mooring"]["rescued"]) == ("L0", 0)


def test_a_streamed_call_without_a_reason_is_made(serve, stub, reply):
    stub.script("primary-1", reply(raw=events({"tool_calls": [call(0)]})), reply("Found."))
    stub.script("shop", reply(body={}))
    assert "Found." in serve().chat(stream=True).text
    assert len(stub.services) == 1
