"""What people build without Mooring: the same prompt, model and tools, called as the libraries do it by default.

`bare` is the SDK without retries. `supervised` has the SDK's own defaults and a supervisor that restarts the process
once its requests keep failing. `fallback` is pydantic-ai's FallbackModel over the same models as the ladder.
"""

import asyncio
from typing import Any

import httpx2
from openai import AsyncOpenAI
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import Model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from mooring.drill.answer import Said
from mooring.drill.arms.arm import turns
from mooring.drill.world import URL
from mooring.release.release import Release
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.runtime.core.turn import as_messages
from mooring.spec import Tool as Document
from mooring.spec.drill import Question

FAILURES, RESTART_SECONDS = 3, 5.0
"""A supervisor restarts after so many failures in a row, and for so long nobody answers."""


class Plain:
    """An arm. `rungs` are the models it may call; `retries` those of the SDK, None for its default."""

    def __init__(
        self,
        release: Release,
        outside: httpx2.AsyncBaseTransport,
        rungs: tuple[str, ...] = ("L0",),
        retries: int | None = None,
        supervised: bool = False,
    ) -> None:
        self._content, self._outside, self._rungs, self._supervised = release.content, outside, rungs, supervised
        self._retries: dict[str, Any] = {} if retries is None else {"max_retries": retries}
        self._agents: dict[str, Agent[None, str]] = {}
        self._asking: set[asyncio.Task[Said]] = set()
        self._failed = 0
        self._restarted: asyncio.Event = asyncio.Event()

    async def start(self) -> None:
        self._restarted.set()
        # The SDK's own time limits: 600 s, and 5 s to connect.
        self._client = httpx2.AsyncClient(transport=self._outside, timeout=httpx2.Timeout(600, connect=5))
        self._tools = httpx2.AsyncClient(transport=self._outside)
        agents, prompts = self._content.agents, self._content.prompts
        self._agents = {name: self._built(name) for name in agents}
        self._prompts = {name: CompiledPrompt(prompts[each.prompt], each.variables) for name, each in agents.items()}

    async def ask(self, question: Question) -> Said:
        """Requests that arrive while the process restarts wait in the socket's queue."""
        await self._restarted.wait()
        task = asyncio.create_task(self._answer(question))
        self._asking.add(task)
        try:
            said = await task
            self._failed = 0
            return said
        except asyncio.CancelledError:
            return Said("", "", error="restarted")
        except Exception:
            self._failed += 1
            if self._supervised and self._failed >= FAILURES:
                await self._restart()
            raise
        finally:
            self._asking.discard(task)

    async def close(self) -> None:
        await self._client.aclose()
        await self._tools.aclose()

    def retries(self) -> tuple[int, int]:
        """Nobody counts them."""
        return 0, 0

    async def _restart(self) -> None:
        self._failed = 0
        self._restarted.clear()
        for task in self._asking:
            if task is not asyncio.current_task():
                task.cancel()
        await asyncio.sleep(RESTART_SECONDS)
        self._restarted.set()

    async def _answer(self, question: Question) -> Said:
        agent = self._content.agents[question.agent]
        before, last = self._prompts[question.agent].render(question.say, {})
        history = as_messages([*before, *turns(question)])
        result = await self._agents[question.agent].run(last, message_history=history)
        answered = [message.model_name for message in result.new_messages() if isinstance(message, ModelResponse)]
        rungs = {self._content.models[name].id: rung for rung, name in agent.models.names()}
        return Said(str(result.output), max(rungs.get(name or "", "L0") for name in answered))

    def _built(self, name: str) -> Agent[None, str]:
        agent = self._content.agents[name]
        models = [self._model(model) for rung, model in agent.models.names() if rung in self._rungs]
        model = FallbackModel(models[0], *models[1:]) if len(models) > 1 else models[0]
        tools = [self._tool(self._content.tools[tool]) for tool in agent.tools]
        return Agent(model, tools=[tool for tool in tools if tool])

    def _model(self, name: str) -> Model:
        sdk = AsyncOpenAI(base_url=f"{URL}/v1", api_key="simulated", http_client=self._client, **self._retries)
        return OpenAIChatModel(self._content.models[name].id, provider=OpenAIProvider(openai_client=sdk))

    def _tool(self, document: Document) -> Tool[None] | None:
        """Called by HTTP with the client's defaults; other ways to bind a tool are left out."""
        if document.bind.type != "http":
            return None
        bind, client = document.bind, self._tools

        async def call(**arguments: Any) -> Any:
            url = f"{URL}/services/{bind.service}{bind.path.format(**arguments)}"
            left = {key: value for key, value in arguments.items() if f"{{{key}}}" not in bind.path}
            sent: dict[str, Any] = {"params": left} if bind.method == "GET" else {"json": left}
            response = await client.request(bind.method, url, **sent)
            response.raise_for_status()
            return response.json()

        return Tool.from_schema(call, document.exported, document.description, dict(document.input_schema))
