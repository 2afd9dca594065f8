"""pydantic-ai's FallbackModel over the models of the ladder, with its defaults: the same prompt and tools."""

from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from mooring.drill.answer import Said
from mooring.drill.arms.arm import turns
from mooring.drill.arms.sdk import LIMITS
from mooring.drill.arms.services import Services
from mooring.drill.world import URL
from mooring.release.release import Release
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.runtime.core.turn import as_messages
from mooring.spec import Tool as Document
from mooring.spec.drill import Question


class Fallback:
    """An arm."""

    def __init__(self, release: Release, outside: httpx2.AsyncBaseTransport) -> None:
        self._content, self._outside = release.content, outside

    async def start(self) -> None:
        self._client = httpx2.AsyncClient(transport=self._outside, timeout=LIMITS)
        self._services = Services(self._content, self._outside)
        agents, prompts = self._content.agents, self._content.prompts
        self._agents = {name: self._built(name) for name in agents}
        self._prompts = {name: CompiledPrompt(prompts[each.prompt], each.variables) for name, each in agents.items()}

    async def ask(self, question: Question) -> Said:
        before, last = self._prompts[question.agent].render(question.say, {})
        history = as_messages([*before, *turns(question)])
        result = await self._agents[question.agent].run(last, message_history=history)
        answered = [message.model_name for message in result.new_messages() if isinstance(message, ModelResponse)]
        names = self._content.agents[question.agent].models.names()
        rungs = {self._content.models[name].id: rung for rung, name in names}
        return Said(str(result.output), max(rungs.get(name or "", "L0") for name in answered))

    async def close(self) -> None:
        await self._client.aclose()
        await self._services.close()

    def retries(self) -> tuple[int, int]:
        """Nobody counts them."""
        return 0, 0

    def _built(self, name: str) -> Agent[None, str]:
        models = [self._model(model) for _, model in self._content.agents[name].models.names()]
        return Agent(FallbackModel(models[0], *models[1:]), tools=[*map(self._tool, self._services.tools(name))])

    def _model(self, name: str) -> OpenAIChatModel:
        sdk = AsyncOpenAI(base_url=f"{URL}/v1", api_key="simulated", http_client=self._client)
        return OpenAIChatModel(self._content.models[name].id, provider=OpenAIProvider(openai_client=sdk))

    def _tool(self, document: Document) -> Tool[None]:
        async def call(**arguments: Any) -> Any:
            return await self._services.call(document, arguments)

        return Tool.from_schema(call, document.exported, document.description, dict(document.input_schema))
