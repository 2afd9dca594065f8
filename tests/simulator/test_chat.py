"""The model endpoint, seen through the official client."""

import json
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai import BadRequestError, NotFoundError, OpenAI

from mooring.simulator.completion import pieces

MODEL = "gpt-4.1-2025-04-14"
SYSTEM = "You are the customer support assistant. Look things up before you state them."
TOOL: Any = {
    "type": "function",
    "function": {
        "name": "find_order",
        "parameters": {"type": "object", "properties": {"orderId": {"type": "string"}}, "required": ["orderId"]},
    },
}


def messages(say: str = "Where is A-1002?") -> Any:
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": say}]


def test_everything_says_that_it_is_simulated(url: str, client: OpenAI) -> None:
    assert {model.owned_by for model in client.models.list()} == {"mooring-simulator"}
    assert client.chat.completions.create(model=MODEL, messages=messages()).system_fingerprint == "simulated"
    for path in ("/health", "/v1/models", "/v1/nothing", "/faults", "/services/shop/orders/A-1", "/nothing"):
        assert httpx2.get(url + path).headers["x-simulated"] == "true"


def test_usage_and_finish_reason_are_told(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=messages("Hi"))
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.prompt_tokens > 20
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_the_same_request_gets_the_same_bytes(url: str) -> None:
    body = {"model": MODEL, "messages": messages(), "tools": [TOOL]}
    for stream in (False, True):
        answers = {httpx2.post(f"{url}/v1/chat/completions", json=body | {"stream": stream}).content for _ in range(3)}
        assert len(answers) == 1


def test_a_stream_says_what_the_whole_answer_says(client: OpenAI) -> None:
    whole = client.chat.completions.create(model=MODEL, messages=messages("What can you do?"))
    stream = client.chat.completions.create(
        model=MODEL, messages=messages("What can you do?"), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_a_streamed_tool_call_comes_in_pieces_that_make_it_up(client: OpenAI) -> None:
    stream = client.chat.completions.create(model=MODEL, messages=messages(), tools=[TOOL], stream=True)
    chunks = [chunk.choices[0] for chunk in stream]
    deltas = [call for chunk in chunks for call in chunk.delta.tool_calls or []]
    assert [call.id is not None for call in deltas] == [True, False, False]
    assert "".join(call.function.arguments or "" for call in deltas if call.function) == '{"orderId": "A-1002"}'
    assert chunks[-1].finish_reason == "tool_calls"


def test_a_client_may_forbid_or_insist_on_tools(client: OpenAI) -> None:
    def calls(choice: Any, say: str = "Hi") -> Any:
        answer = client.chat.completions.create(model=MODEL, messages=messages(say), tools=[TOOL], tool_choice=choice)
        return answer.choices[0].message.tool_calls

    assert calls("none", "Where is A-1002?") is None
    assert calls("auto") is None
    assert json.loads(calls("required")[0].function.arguments).keys() == {"orderId"}
    assert calls({"type": "function", "function": {"name": "find_order"}})[0].function.name == "find_order"


def test_json_is_answered_where_it_is_asked_for(client: OpenAI) -> None:
    schema = {
        "type": "object",
        "required": ["text", "sure", "kind"],
        "properties": {"text": {"type": "string"}, "sure": {"type": "boolean"}, "kind": {"enum": ["a", "b"]}},
    }
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    answer = client.chat.completions.create(model=MODEL, messages=messages("Hi"), response_format=wanted)
    assert json.loads(answer.choices[0].message.content or "") == {
        "text": "Hello, this is the support of Tidewater. How can I help?",
        "sure": False,
        "kind": "a",
    }
    plain: Any = {"type": "json_object"}
    answer = client.chat.completions.create(model=MODEL, messages=messages("Hi"), response_format=plain)
    assert "answer" in json.loads(answer.choices[0].message.content or "")


def test_a_limit_of_tokens_cuts_the_answer(client: OpenAI) -> None:
    answer = client.chat.completions.create(model=MODEL, messages=messages("Hi"), max_completion_tokens=3)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens <= 3


def test_an_unknown_model_is_not_found(client: OpenAI) -> None:
    with pytest.raises(NotFoundError, match="does not exist") as caught:
        client.chat.completions.create(model="nobody-1", messages=messages())
    assert caught.value.code == "model_not_found"


CALL = {"id": "c1", "type": "function", "function": {"name": "find_order", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"n": 2}, "n"),
        ({"messages": [{"role": "robot", "content": "x"}]}, "messages.0.role"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"stream_options": {"include_usage": True}}, "stream_options"),
        ({"messages": [{"role": "tool", "tool_call_id": "c1", "content": "x"}]}, "messages.[0].role"),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL]}]}, "messages.[0].role"),
        ({"messages": [{"role": "assistant", "tool_calls": [CALL]}, messages()[1]]}, "messages.[1].role"),
    ],
)
def test_a_wrong_request_is_told_the_parameter(client: OpenAI, body: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(**({"model": MODEL, "messages": messages()} | body))
    assert caught.value.param == param


def test_a_body_that_is_no_json_is_refused(url: str) -> None:
    response = httpx2.post(f"{url}/v1/chat/completions", content=b'{"model": ')
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


@given(st.text())
def test_pieces_of_a_stream_make_up_the_text(text: str) -> None:
    assert "".join(pieces(text)) == (text if text.strip() else "")
