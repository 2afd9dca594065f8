"""The official client asks for responses, as text and as events."""

import asyncio
from typing import Any

import openai
import pytest

USER = {"role": "user", "content": "hi"}


def client(serving: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{serving.url}/v1", api_key="none", max_retries=0)


def test_a_question_is_answered(serve, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    answer = client(serve()).responses.create(model="support", input="where is A1?", metadata={"ticket": "7"})
    assert (answer.output_text, answer.status, answer.model) == ("It has shipped.", "completed", "support")
    assert answer.id.startswith("resp_")
    assert answer.metadata == {"ticket": "7"}
    assert (answer.error, answer.incomplete_details, answer.tools) == (None, None, [])
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.usage.total_tokens) == (100, 20, 120)


def test_the_input_may_be_a_conversation(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    said: list[Any] = [
        {"role": "user", "content": "hello"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]},
        {"role": "user", "content": [{"type": "input_text", "text": "and "}, {"type": "input_text", "text": "now?"}]},
    ]
    client(serve()).responses.create(model="support", input=said)
    sent = [(m["role"], m["content"]) for m in stub.asked("primary-1")[0]["messages"]]
    assert sent[1:] == [("user", "hello"), ("assistant", "hi"), ("user", "Customer: and now?")]


def test_the_headers_say_what_chat_says(serve, stub, reply):
    stub.script("primary-1", reply("yes"))
    answer = serve().http.post("/v1/responses", json={"model": "support", "input": "x"})
    headers, facts = answer.headers, answer.json()["mooring"]
    assert (headers["x-mooring-rung"], headers["x-mooring-slot"]) == ("L0", "blue")
    assert facts["run"] == headers["x-mooring-run"] == answer.json()["id"].replace("resp_", "run_")
    assert facts["cost_usd"] == pytest.approx(0.0018)


def test_events_come_in_order_with_numbers(serve, stub, reply):
    stub.script("primary-1", reply("one two three"))
    serving = serve()
    events = list(client(serving).responses.create(model="support", input="count", stream=True))
    kinds = [event.type for event in events]
    deltas = [event for event in events if event.type == "response.output_text.delta"]
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert kinds[:4] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
    ]
    assert kinds[-4:] == [
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    assert len(kinds) == len(deltas) + 8
    assert len(deltas) >= 3
    assert "".join(event.delta for event in deltas) == "one two three "
    last = events[-1]
    assert last.type == "response.completed"
    assert (last.response.output_text, last.response.status) == ("one two three ", "completed")
    assert last.response.usage is not None
    assert last.response.usage.total_tokens == 120
    first = events[0]
    assert first.type == "response.created"
    assert (first.response.status, first.response.usage, first.response.output) == ("in_progress", None, [])
    assert client(serving).responses.retrieve(first.response.id).output_text == "one two three "


def test_the_clients_own_helper_for_streams_follows(serve, stub, reply):
    stub.script("primary-1", reply("a b"))
    serving = serve()

    async def text() -> str:
        async with (
            openai.AsyncOpenAI(base_url=f"{serving.url}/v1", api_key="none") as ours,
            ours.responses.stream(model="support", input="x") as stream,
        ):
            async for _ in stream:
                pass
            return (await stream.get_final_response()).output_text

    assert asyncio.run(text()) == "a b "


def test_what_is_said_before_a_tool_call_is_kept_as_it_was_streamed(serve, stub, reply):
    stub.script("primary-1", reply("Let me look.", tool=("find_order", {"order": "A1"})), reply("It has shipped."))
    stub.script("shop", reply(body={}))
    ours = client(serve())
    *_, last = ours.responses.create(model="support", input="where?", stream=True)
    assert last.type == "response.completed"
    assert last.response.output_text == "Let me look. \n\nIt has shipped. "
    assert ours.responses.retrieve(last.response.id).output_text == last.response.output_text


@pytest.mark.slow
def test_an_error_before_the_first_word_is_a_plain_error(serve, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})))
    stub.script("shop", reply(body={}))
    serving = serve()
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as caught:
            client(serving).responses.create(model="bounded", input="x", stream=stream)
        assert (caught.value.status_code, caught.value.code) == (502, "run_limit_exceeded")


def test_an_error_after_the_first_word_is_an_event(serve, stub, reply):
    stub.script(
        "primary-1",
        reply("Let me look.", tool=("find_order", {"order": "A1"})),
        reply(tool=("find_order", {"order": "A1"})),
    )
    stub.script("shop", reply(body={}))
    ours = client(serve())
    *_, last = ours.responses.create(model="bounded", input="x", stream=True)
    assert last.type == "response.failed"
    assert (last.response.status, last.response.output) == ("failed", [])
    assert last.response.error is not None
    assert str(last.response.error.code) == "run_limit_exceeded"
    kept = ours.responses.retrieve(last.response.id)
    assert (kept.status, kept.error) == ("failed", last.response.error)


def test_a_text_that_was_cut_off_is_incomplete(serve, stub, reply):
    stub.script("primary-1", reply("one", finish="length"))
    ours = client(serve())
    answer = ours.responses.create(model="support", input="x")
    assert (answer.status, answer.output_text) == ("incomplete", "one")
    assert answer.incomplete_details is not None
    assert answer.incomplete_details.reason == "max_output_tokens"
    *_, last = ours.responses.create(model="support", input="x", stream=True)
    assert last.type == "response.incomplete"


def asked(**fields: Any) -> dict[str, Any]:
    return {"model": "support", "input": "hi"} | fields


def with_item(**item: Any) -> dict[str, Any]:
    return asked(input=[item, USER])


TABLE = [
    (asked(model="nobody"), 404, "model_not_found", "model"),
    ({"model": "support"}, 400, "invalid_request", "input"),
    (asked(input=[]), 400, "invalid_request", "input"),
    (asked(input=""), 400, "invalid_request", "input[0]"),
    (asked(input=[USER] * 2049), 400, "invalid_request", "input"),
    (with_item(role="system", content="x"), 400, "system_message_refused", "input[0]"),
    (with_item(role="bishop", content="x"), 400, "invalid_roles", "input[0]"),
    (with_item(type="function_call_output", call_id="c", output="x"), 400, "unsupported_content", "input[0].type"),
    (with_item(type="item_reference", id="msg_1"), 400, "unsupported_content", "input[0].type"),
    (with_item(type="reasoning", summary=[]), 400, "unsupported_content", "input[0].type"),
    (
        with_item(role="user", content=[{"type": "input_image", "image_url": "x"}]),
        400,
        "unsupported_content",
        "input[0].content[0].type",
    ),
    (asked(instructions="Be rude."), 400, "unsupported_parameter", "instructions"),
    (asked(tools=[{"type": "web_search"}]), 400, "unsupported_parameter", "tools"),
    (asked(tool_choice="required"), 400, "unsupported_parameter", "tool_choice"),
    (asked(text={"format": {"type": "json_object"}}), 400, "unsupported_parameter", "text.format"),
    (asked(truncation="auto"), 400, "unsupported_parameter", "truncation"),
    (asked(stop=["x"]), 400, "unsupported_parameter", "stop"),
    (asked(n=2), 400, "unsupported_parameter", "n"),
    (asked(top_logprobs=3), 400, "unsupported_parameter", "top_logprobs"),
    (asked(max_tool_calls=3), 400, "unsupported_parameter", "max_tool_calls"),
    (asked(prompt={"id": "x"}), 400, "unsupported_parameter", "prompt"),
    (asked(background=True, store=False), 400, "invalid_request", "store"),
    (asked(conversation="a", store=False), 400, "invalid_request", "store"),
    (asked(conversation="a b"), 400, "invalid_request", "conversation"),
    (asked(conversation="a", previous_response_id="resp_1"), 400, "invalid_request", "previous_response_id"),
    (asked(conversation="a", input=[USER, USER]), 400, "invalid_request", "input"),
    (asked(previous_response_id="resp_1"), 400, "previous_response_not_found", "previous_response_id"),
    (asked(previous_response_id="run_1"), 400, "previous_response_not_found", "previous_response_id"),
    (asked(conversation={"id": 7}), 400, "invalid_request", "conversation.id"),
    (asked(conversation={}), 400, "invalid_request", "conversation.id"),
    (with_item(role="user", content=[{"text": "x"}]), 400, "invalid_request", "input[0].content[0].type"),
    (asked(metadata={"x": "y" * 513}), 400, "invalid_request", "metadata.x"),
    (asked(metadata={str(n): "y" for n in range(17)}), 400, "invalid_request", "metadata"),
]


@pytest.mark.parametrize(("sent", "status", "code", "param"), TABLE)
def test_what_agents_do_not_do_is_refused_with_the_reason(module_server, sent, status, code, param):
    answer = module_server.http.post("/v1/responses", json=sent)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "setting",
    [
        {"temperature": 0.1},
        {"max_output_tokens": 5},
        {"reasoning": {"effort": "low"}},
        {"include": ["reasoning.encrypted_content"]},
        {"text": {"verbosity": "low"}},
        {"text": {"format": {"type": "text"}}},
        {"parallel_tool_calls": False},
        {"stream_options": {"include_obfuscation": False}},
    ],
)
def test_settings_that_the_release_decides_are_accepted_and_not_used(module_server, setting):
    answer = module_server.http.post("/v1/responses", json=asked(model="nobody", **setting))
    assert answer.json()["error"]["code"] == "model_not_found"
