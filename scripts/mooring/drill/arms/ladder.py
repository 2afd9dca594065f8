"""The ladder alone, as a slot has it, and tools: without the app, the agent loop and what is stored.

A search asks it, since it answers several times as fast as a slot. All that policies decide is the runtime's own:
models, tries, breakers, hedges, windows, deadlines and records.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import httpx2
from pydantic_ai.exceptions import ToolFailed
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, ToolCallPart, ToolReturnPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters

from mooring.drill.answer import Said
from mooring.drill.arms.arm import retried, turns
from mooring.drill.in_loop import InLoop
from mooring.drill.world import URL
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.runtime.agent.ladder.answers import apologise
from mooring.runtime.agent.served import GRACE, Served
from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Answer, Turn, as_messages
from mooring.runtime.runtime import Runtime
from mooring.spec.drill import Question


class LadderAlone:
    """An arm."""

    def __init__(self, release: Release, outside: httpx2.AsyncBaseTransport, state: Path) -> None:
        self._runtime = Runtime(
            release, Settings("blue", state, URL, {}, serving=False, transport=outside, workers_of=InLoop)
        )

    async def start(self) -> None:
        await self._runtime.start()
        ready, reasons = self._runtime.ready()
        if not ready:
            raise Failed(Reason.NOT_READY, "; ".join(reasons))
        agents = {name: self._runtime.agents.get(name) for name in self._runtime.agents.names}
        self._parameters = {
            name: ModelRequestParameters(function_tools=[tool.tool().tool_def for tool in served.tools])
            for name, served in agents.items()
        }

    async def ask(self, question: Question) -> Said:
        served = self._runtime.agents.get(question.agent)
        record = self._runtime.agents.record(served)
        CURRENT.set(record)
        history = turns(question)
        before, last = served.prompt.render(question.say, {})
        messages = [*as_messages([*before, *history]), ModelRequest(parts=[UserPromptPart(last)])]
        served.prepared.asked(record, Turn(question.say, tuple(history)))
        try:
            async with asyncio.timeout(record.budget.left() + GRACE):
                text = await _answered(served, messages, self._parameters[question.agent], question.stream)
        except TimeoutError:
            return Said(apologise(served.profile, record), record.rung, record.usage.cost_usd)
        served.prepared.keep(record, Answer(text, "stop"))
        return Said(text, record.rung, record.usage.cost_usd)

    async def close(self) -> None:
        await self._runtime.close()

    def retries(self) -> tuple[int, int]:
        return retried(self._runtime.metrics)


async def _answered(
    served: Served, messages: list[ModelMessage], parameters: ModelRequestParameters, stream: bool
) -> str:
    """The text, once the model has called all tools that it wants; one that a person must approve ends it."""
    approved = {tool.document.exported for tool in served.tools if tool.document.approval == "human"}
    text: list[str] = []
    for _ in range(served.document.limits.max_model_calls):
        response = await _response(served, messages, parameters, stream)
        text.append(response.text or "")
        calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
        if not calls or any(call.tool_name in approved for call in calls):
            break
        messages += [response, ModelRequest(parts=await _called(served, calls))]
    return "\n\n".join(filter(None, text if stream else text[-1:]))


async def _response(
    served: Served, messages: list[ModelMessage], parameters: ModelRequestParameters, stream: bool
) -> ModelResponse:
    if not stream:
        return await served.model.request(messages, None, parameters)
    async with served.model.request_stream(messages, None, parameters) as streamed:
        async for _ in streamed:
            pass
        return streamed.get()


async def _called(served: Served, calls: Sequence[ToolCallPart]) -> list[ToolReturnPart]:
    """What each tool returns, or why it does not."""
    record, tools = CURRENT.get(), {tool.document.exported: tool for tool in served.tools}

    async def one(call: ToolCallPart) -> ToolReturnPart:
        try:
            result = await tools[call.tool_name].execute(record, call.tool_call_id, call.args_as_dict())
        except (ToolFailed, KeyError) as error:
            result = str(error)
        return ToolReturnPart(call.tool_name, result, call.tool_call_id)

    return await asyncio.gather(*map(one, calls))
