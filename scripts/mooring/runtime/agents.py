"""The agents of a release, ready to run: prompts compiled, models wrapped and tools bound once."""

import json
from collections.abc import AsyncIterable, Callable

from jsonschema.protocols import Validator
from pydantic_ai import Agent, RunContext
from pydantic_ai.agent import EventStreamHandler
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelContextWindowExceededError,
    ModelRetry,
    RunTimedOut,
    UsageLimitExceeded,
)
from pydantic_ai.messages import (
    AgentStreamEvent,
    ModelMessage,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
)
from pydantic_ai.models import Model
from pydantic_ai.run import AgentRunResult
from pydantic_ai.tools import DeferredToolRequests, DeferredToolResults
from pydantic_ai.usage import UsageLimits

from mooring import spec
from mooring.runtime.faults import worth_a_rung
from mooring.runtime.ladder import LAST, in_language
from mooring.runtime.problems import Problem
from mooring.runtime.prompt import CompiledPrompt
from mooring.runtime.record import CURRENT
from mooring.runtime.shape import broken, checker
from mooring.runtime.tools import HttpTool
from mooring.runtime.turn import Answer, Approval, Turn, as_messages

OnText = Callable[[str], None]
Output = str | DeferredToolRequests

GRACE = 1.0
"""Seconds a run may take beyond its deadline, for the last rung to answer; then it is stopped."""

_FINISH = {"length": "length", "content_filter": "content_filter"}


class Served:
    """One agent. Its runs happen in a context whose `CURRENT` is their record."""

    def __init__(
        self,
        document: spec.Agent,
        prompt: CompiledPrompt,
        profile: spec.Resilience,
        model: Model,
        tools: list[HttpTool],
        release: str,
    ) -> None:
        self.document = document
        self.profile = profile
        self.release = release
        self.prompt = prompt
        waits = any(tool.document.approval == "human" for tool in tools)
        self._agent: Agent[None, Output] = Agent(
            model,
            name=document.name,
            output_type=[str, DeferredToolRequests] if waits else str,
            tools=[tool.tool() for tool in tools],
            deps_type=type(None),
        )
        self._limits = UsageLimits(
            request_limit=document.limits.max_model_calls, tool_calls_limit=document.limits.max_tool_calls
        )
        self._json = document.output.type == "json"
        if self._json:
            schema = checker(document.output.json_schema or {})
            self._agent.output_validator(lambda output: _fitting(output, schema))

    async def run(self, turn: Turn, on_text: OnText | None = None) -> Answer:
        """Answers a turn. `on_text` is given the text piece by piece, as it comes. Raises Problem."""
        before, last = self.prompt.render(turn.message, turn.variables)
        return await self._go(last, as_messages([*before, *turn.history]), None, on_text)

    async def go_on(self, messages: list[ModelMessage], decisions: DeferredToolResults) -> Answer:
        """Goes on with a run that waited for approvals. Raises Problem."""
        return await self._go(None, messages, decisions, None)

    async def _go(
        self,
        prompt: str | None,
        history: list[ModelMessage],
        decisions: DeferredToolResults | None,
        on_text: OnText | None,
    ) -> Answer:
        record = CURRENT.get()
        live = on_text if not self._json else None
        tell = on_text or _ignore
        try:
            result = await self._agent.run(
                prompt,
                message_history=history,
                deferred_tool_results=decisions,
                usage_limits=self._limits,
                timeout=record.budget.left() + GRACE,
                event_stream_handler=_teller(live) if live else None,
                infer_name=False,
            )
        except RunTimedOut:
            record.reached(LAST)
            tell(apology := in_language(self.profile.ladder.apology, record))
            return Answer(apology, "stop")
        except AgentRunError as error:
            raise _problem(error) from error
        answer = _answer(result)
        if answer.approvals or live is None:
            tell(answer.text)
        return answer


def _answer(result: AgentRunResult[Output]) -> Answer:
    messages = tuple(result.all_messages())
    if isinstance(result.output, DeferredToolRequests):
        approvals = tuple(map(Approval.of, result.output.approvals))
        names = ", ".join(approval.tool for approval in approvals)
        return Answer(f"Waiting for a person to approve: {names}.", "stop", messages, approvals)
    return Answer(result.output, _FINISH.get(result.response.finish_reason or "", "stop"), messages)


def _problem(error: AgentRunError) -> Problem:
    """What a client is told: never what a provider said, which may quote the conversation or the account."""
    match error:
        case UsageLimitExceeded():
            return Problem("run_limit_exceeded", "the agent reached the limit of calls in one run")
        case ModelContextWindowExceededError():
            return Problem("context_length_exceeded", "the conversation is too long for the model", "messages")
        case ModelAPIError() if not worth_a_rung(error):
            return Problem("model_rejected_request", "the model's endpoint refused the request as wrong in itself")
        case ModelAPIError():
            return Problem("model_unavailable", "the model broke off in the middle of its answer")
    return Problem("invalid_answer", "the model gave no answer that fits the agent's contract")


def _fitting(output: Output, schema: Validator) -> Output:
    """Sends an answer back to the model that is not the JSON it ought to be; an apology need not be."""
    if isinstance(output, DeferredToolRequests) or CURRENT.get().rung == LAST:
        return output
    try:
        wrong = broken(schema, json.loads(output))
    except ValueError as error:
        wrong = f"it is not JSON ({error})"
    if wrong:
        raise ModelRetry(f"Answer with JSON alone that fits the schema: {wrong}")
    return output


def _teller(tell: OnText) -> EventStreamHandler[None]:
    """Tells text as it comes; what an agent says before and after a tool call are paragraphs of one answer."""
    told = False

    async def handle(context: RunContext[None], events: AsyncIterable[AgentStreamEvent]) -> None:
        nonlocal told
        begun = False
        async for event in events:
            if text := _text(event):
                tell(text if begun or not told else f"\n\n{text}")
                begun = told = True

    return handle


def _text(event: AgentStreamEvent) -> str:
    match event:
        case PartStartEvent(part=TextPart(content=text)) | PartDeltaEvent(delta=TextPartDelta(content_delta=text)):
            return text
    return ""


def _ignore(text: str) -> None:
    pass
