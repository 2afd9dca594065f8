"""What a model's endpoint is sent is what the SDK and pydantic-ai would send."""

import asyncio
import time
from typing import Any

import pytest
from openai import AsyncOpenAI
from pydantic_ai import Agent, StructuredDict
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.tools import Tool

from mooring.runtime.agent.wire import ChatModel, as_written
from tests.runtime.stub import Reply, Stub

SCHEMA = {
    "type": "object",
    "properties": {"order": {"type": "string", "title": "Number", "pattern": "^A-"}, "at": {"$ref": "#/$defs/day"}},
    "required": ["order"],
    "$defs": {"day": {"type": "string", "format": "date"}},
}
SETTINGS = ModelSettings(max_tokens=100, temperature=0.2, top_p=0.9, seed=7, stop_sequences=["END"], timeout=5.0)


def found(**arguments: Any) -> str:
    return f"{arguments['order']} is sent"


async def sent(stub: Stub, model: OpenAIChatModel, *, streamed: bool = False, times: int = 1) -> list[dict[str, Any]]:
    """Bodies of an agent's calls, the last of which gives a tool's result back."""
    tool: Tool[None] = Tool.from_schema(found, name="find_order", description="Finds.", json_schema=SCHEMA)
    agent: Agent[None, Any] = Agent(model, tools=[tool], system_prompt="Be kind. äöü", model_settings=SETTINGS)
    stub.requests.clear()
    for _ in range(times):
        stub.script("m", Reply(tool=("find_order", {"order": "A-1"})), Reply("It is sent."))
        await _asked(agent, streamed)
    return stub.requests[:]


async def _asked(agent: "Agent[None, Any]", streamed: bool) -> None:
    if not streamed:
        await agent.run("Where is A-1?")
        return
    async with agent.run_stream("Where is A-1?") as result:
        await result.get_output()


def plain(stub: Stub) -> OpenAIChatModel:
    sdk = AsyncOpenAI(base_url=f"{stub.url}/v1", api_key="k")
    return OpenAIChatModel("m", provider=OpenAIProvider(openai_client=sdk))


def ours(stub: Stub) -> OpenAIChatModel:
    sdk = as_written(AsyncOpenAI(base_url=f"{stub.url}/v1", api_key="k"))
    return ChatModel("m", provider=OpenAIProvider(openai_client=sdk))


@pytest.mark.parametrize("streamed", [False, True])
def test_bodies_are_those_of_the_sdk(stub: Stub, streamed: bool) -> None:
    theirs = asyncio.run(sent(stub, plain(stub), streamed=streamed))
    mine = asyncio.run(sent(stub, ours(stub), streamed=streamed))
    assert [_known(body) for body in mine] == [_known(body) for body in theirs]
    assert len(mine) == 2


@pytest.mark.parametrize("streamed", [False, True])
def test_headers_are_those_of_the_sdk_but_for_its_telemetry(stub: Stub, streamed: bool) -> None:
    def headers(model: OpenAIChatModel) -> dict[str, str]:
        stub.headers.clear()
        asyncio.run(sent(stub, model, streamed=streamed))
        found = stub.headers[0]
        return {name: found[name] for name in found if not name.startswith("x-stainless") and name != "content-length"}

    assert headers(ours(stub)) == headers(plain(stub))
    assert stub.headers[0]["authorization"] == "Bearer k"


@pytest.mark.parametrize("settings", [ModelSettings(), ModelSettings(timeout=0.2)])
def test_a_call_ends_after_its_own_time_or_that_of_the_client(stub: Stub, settings: ModelSettings) -> None:
    stub.script("m", Reply("late", delay=5))
    limit = 10.0 if settings else 0.2
    sdk = as_written(AsyncOpenAI(base_url=f"{stub.url}/v1", api_key="k", timeout=limit, max_retries=0))
    model = ChatModel("m", provider=OpenAIProvider(openai_client=sdk))
    started = time.monotonic()
    with pytest.raises(ModelAPIError, match="timed out"):
        asyncio.run(Agent(model).run("Hi", model_settings=settings))
    assert time.monotonic() - started < 3


def test_a_tool_that_was_seen_before_is_sent_as_the_first_time(stub: Stub) -> None:
    first, _, again, _ = asyncio.run(sent(stub, ours(stub), times=2))
    assert first["tools"] == again["tools"]


def test_a_tool_of_the_same_name_with_another_schema_is_sent_as_it_is(stub: Stub) -> None:
    schema = {"type": "object", "properties": {"number": {"type": "integer"}}}
    other: Tool[None] = Tool.from_schema(found, name="find_order", description="Finds.", json_schema=schema)

    async def both(model: OpenAIChatModel) -> None:
        await sent(stub, model)
        stub.script("m", Reply("Hello."))
        await Agent(model, tools=[other]).run("Hi")

    asyncio.run(both(ours(stub)))
    assert list(stub.requests[-1]["tools"][0]["function"]["parameters"]["properties"]) == ["number"]


def test_an_output_schema_is_sent_as_by_the_sdk(stub: Stub) -> None:
    def body(model: OpenAIChatModel) -> Any:
        stub.requests.clear()
        stub.script("m", Reply(tool=("final_result", {"order": "A-1"})))
        asyncio.run(Agent(model, output_type=StructuredDict(SCHEMA, name="order")).run("Hi"))
        return _known(stub.requests[0])

    assert body(ours(stub)) == body(plain(stub))


def _known(body: dict[str, Any]) -> dict[str, Any]:
    """Without ids of calls, which are new each time; a body that says that nothing is streamed says nothing."""
    text = {key: value for key, value in body.items() if (key, value) != ("stream", False)}
    text["messages"] = [
        {key: value for key, value in message.items() if key not in ("tool_call_id", "tool_calls")}
        for message in body["messages"]
    ]
    return text
