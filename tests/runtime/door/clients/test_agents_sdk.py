"""Pydantic AI, as an agents SDK that takes our agent for a model: by the Responses API, and by chat completions."""

import asyncio
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel, OpenAIResponsesModelSettings
from pydantic_ai.providers.openai import OpenAIProvider


def agent(serving: Any, kind: Any = OpenAIResponsesModel, **more: Any) -> Agent[None, str]:
    return Agent(kind("support", provider=OpenAIProvider(base_url=f"{serving.url}/v1", api_key="none")), **more)


KINDS = pytest.mark.parametrize("kind", [OpenAIResponsesModel, OpenAIChatModel])


@KINDS
def test_it_asks(serve, stub, reply, kind):
    stub.script("primary-1", reply("It has shipped."))
    result = asyncio.run(agent(serve(), kind).run("Where is A1?"))
    assert result.output == "It has shipped."
    assert (result.usage.input_tokens, result.usage.output_tokens) == (100, 20)
    assert result.response.finish_reason == "stop"


@KINDS
def test_it_streams(serve, stub, reply, kind):
    stub.script("primary-1", reply("one two three"))
    ours = agent(serve(), kind)

    async def pieces() -> list[str]:
        async with ours.run_stream("count") as result:
            return [piece async for piece in result.stream_text(delta=True, debounce_by=None)]

    said = asyncio.run(pieces())
    assert "".join(said) == "one two three "
    assert len(said) >= 3


@KINDS
def test_it_keeps_the_conversation_itself(serve, stub, reply, kind):
    stub.script("primary-1", reply("one"), reply("two"))
    ours = agent(serve(), kind)

    async def talk() -> str:
        first = await ours.run("first")
        return (await ours.run("second", message_history=first.all_messages())).output

    assert asyncio.run(talk()) == "two"
    told = [(m["role"], m["content"]) for m in stub.asked("primary-1")[-1]["messages"]][1:]
    assert told == [("user", "first"), ("assistant", "one"), ("user", "Customer: second")]


def test_it_lets_the_server_keep_the_conversation(serve, stub, reply):
    stub.script("primary-1", reply("one"), reply("two"))
    ours = agent(serve())
    auto = OpenAIResponsesModelSettings(openai_previous_response_id="auto")

    async def talk() -> str:
        first = await ours.run("first", model_settings=auto)
        return (await ours.run("second", message_history=first.all_messages(), model_settings=auto)).output

    assert asyncio.run(talk()) == "two"
    told = [(m["role"], m["content"]) for m in stub.asked("primary-1")[-1]["messages"]][1:]
    assert told == [("user", "Customer: first"), ("assistant", "one"), ("user", "Customer: second")]


@KINDS
def test_instructions_and_tools_of_its_own_are_refused_with_the_reason(serve, kind):
    serving = serve()

    def weather(city: str) -> str:
        return city

    for more, param in (({"instructions": "Be rude."}, None), ({"tools": [weather]}, "tools")):
        with pytest.raises(ModelHTTPError) as caught:
            asyncio.run(agent(serving, kind, **more).run("x"))
        assert caught.value.status_code == 400
        code = caught.value.body["code"]  # type: ignore[index]
        assert code in ("unsupported_parameter", "system_message_refused")
        assert param is None or caught.value.body["param"] == param  # type: ignore[index]
