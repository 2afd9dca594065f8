"""What people build first: the vendor's SDK with the same prompt, model and tools, called as its documentation does."""

import json
from typing import Any

import httpx2
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion

from mooring.drill.answer import Said
from mooring.drill.arms.arm import turns
from mooring.drill.arms.services import Services
from mooring.drill.world import URL
from mooring.release.release import Release
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.spec import Tool
from mooring.spec.drill import Question

CALLS = 50
"""Model calls of a question, at most."""

LIMITS = httpx2.Timeout(600, connect=5)
"""Seconds; the SDK's own."""


class Sdk:
    """An arm, which calls the first rung alone. `retries` are the SDK's, None for its default."""

    def __init__(self, release: Release, outside: httpx2.AsyncBaseTransport, retries: int | None = None) -> None:
        self._content, self._outside = release.content, outside
        self._retries: dict[str, Any] = {} if retries is None else {"max_retries": retries}

    async def start(self) -> None:
        client = httpx2.AsyncClient(transport=self._outside, timeout=LIMITS)
        self._sdk = AsyncOpenAI(base_url=f"{URL}/v1", api_key="simulated", http_client=client, **self._retries)
        self._services = Services(self._content, self._outside)
        agents, prompts = self._content.agents, self._content.prompts
        self._prompts = {name: CompiledPrompt(prompts[each.prompt], each.variables) for name, each in agents.items()}
        self._models = {name: self._content.models[dict(each.models.names())["L0"]].id for name, each in agents.items()}
        self._tools = {name: {tool.exported: tool for tool in self._services.tools(name)} for name in agents}

    async def ask(self, question: Question) -> Said:
        before, last = self._prompts[question.agent].render(question.say, {})
        told = [*before, *turns(question), ("user", last)]
        messages: list[dict[str, Any]] = [{"role": role, "content": text} for role, text in told]
        tools = self._tools[question.agent]
        body = {"model": self._models[question.agent], "messages": messages}
        body |= {"tools": [_offered(tool) for tool in tools.values()]} if tools else {}
        for _ in range(CALLS):
            # Not by `chat.completions.create`, which walks all messages through their type hints and changes nothing.
            completion = await self._sdk.post("/chat/completions", cast_to=ChatCompletion, body=body)
            message = completion.choices[0].message
            if not message.tool_calls:
                return Said(message.content or "", "L0")
            messages.append(message.model_dump(exclude_unset=True))
            for call in message.tool_calls:
                if call.type != "function":  # nobody offered another one
                    continue
                result = await self._services.call(tools[call.function.name], json.loads(call.function.arguments))
                messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)})
        return Said("", "", error="too many calls")

    async def close(self) -> None:
        await self._sdk.close()
        await self._services.close()

    def retries(self) -> tuple[int, int]:
        """Nobody counts them."""
        return 0, 0


def _offered(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.exported, "description": tool.description, "parameters": dict(tool.input_schema)}
    return {"type": "function", "function": function}
