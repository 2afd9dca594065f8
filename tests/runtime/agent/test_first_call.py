"""The first model call of a run, made before the agent loop: nobody can tell, but by the time it takes."""

import asyncio

import pytest
from pydantic_ai.messages import (
    ModelRequest,
    ModelResponse,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from mooring.runtime.agent.first_call import can_begin, final
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.turn import Turn

HISTORY: tuple[Text, ...] = (("user", "hello"), ("assistant", "hi"), ("user", "one more thing"))
CALL = ToolCallPart("find-order", {"order": "A1"}, "call_1")
LOOKS_UP = [UserPromptPart("where is A1?")]


async def both(runtime):
    """The answer of the first call, and that of the agent loop to the same question."""
    served = runtime.agents.get("support")
    CURRENT.set(runtime.agents.record(served))
    turn = Turn("where is A1?", HISTORY)
    alone = await served.run(turn)
    looped = await served._looped(alone.messages[-2].parts[-1].content, list(alone.messages[:-2]), None, None)
    return alone, looped


def bare(messages):
    """Messages without the times and ids that differ from run to run."""
    return [(type(message), [(type(part), part.content) for part in message.parts]) for message in messages]


def test_a_model_is_asked_what_the_agent_loop_asks_it_and_the_conversation_is_the_same(serve, stub, reply):
    stub.script("primary-1", reply("It has shipped."))
    serving = serve()
    alone, looped = asyncio.run_coroutine_threadsafe(both(serving.runtime), serving.loop).result(10)
    first, second = stub.asked("primary-1")
    assert first == second
    assert [tool["function"]["name"] for tool in first["tools"]] == ["find_order", "refund_order"]
    assert alone.text == looped.text == "It has shipped."
    assert alone.finish == looped.finish
    assert bare(alone.messages) == bare(looped.messages)


def test_an_agent_that_calls_a_tool_goes_on_from_there_and_is_not_asked_twice(serve, stub, reply):
    stub.script("primary-1", reply(tool=("find_order", {"order": "A1"})), reply("It has shipped."))
    stub.script("shop", reply(body={"status": "shipped"}))
    body = serve().chat("where is A1?").json()
    assert body["choices"][0]["message"]["content"] == "It has shipped."
    first, second = stub.asked("primary-1")
    assert [message["role"] for message in second["messages"]] == ["system", "user", "assistant", "tool"]
    assert second["messages"][:2] == first["messages"]
    assert body["usage"]["prompt_tokens"] == 200


def test_the_first_call_counts_among_the_calls_that_a_run_may_make(serve, stub, reply):
    stub.script("primary-1", *[reply(tool=("find_order", {"order": f"A{number}"})) for number in range(9)])
    stub.script("shop", reply(body={"status": "shipped"}))
    answer = serve().chat("where is A1?", agent="bounded")
    assert answer.json()["error"]["code"] == "run_limit_exceeded"
    assert len(stub.asked("primary-1")) == 3


def test_an_answer_that_was_cut_off_says_so(serve, stub, reply):
    stub.script("primary-1", reply("It has", finish="length"))
    choice = serve().chat("where is A1?").json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("It has", "length")
    assert len(stub.asked("primary-1")) == 1


@pytest.mark.parametrize(
    ("parts", "reason", "text"),
    [
        ([TextPart("yes")], "stop", "yes"),
        ([TextPart("y"), TextPart("es")], None, "yes"),
        ([TextPart("yes")], "length", None),
        ([TextPart("yes")], "content_filter", None),
        ([TextPart("")], "stop", None),
        ([], "stop", None),
        ([ThinkingPart("hm"), TextPart("yes")], "stop", None),
        ([TextPart("I look it up."), CALL], "tool_call", None),
    ],
)
def test_only_text_that_ends_an_answer_ends_a_run(parts, reason, text):
    assert final(ModelResponse(parts=parts, finish_reason=reason)) == text


@pytest.mark.parametrize(
    ("history", "begins"),
    [
        ([], True),
        ([ModelRequest(parts=LOOKS_UP)], True),
        ([ModelRequest(parts=LOOKS_UP), ModelResponse(parts=[TextPart("yes")])], True),
        ([ModelRequest(parts=LOOKS_UP), ModelResponse(parts=[CALL])], False),
        ([ModelRequest(parts=LOOKS_UP), ModelResponse(parts=[TextPart("ye")], state="interrupted")], False),
        ([ModelRequest(parts=[ToolReturnPart("find-order", "x", "call_1")], state="interrupted")], False),
    ],
)
def test_a_history_that_needs_repair_is_left_to_the_agent_loop(history, begins):
    assert can_begin(history) is begins
