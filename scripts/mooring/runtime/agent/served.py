"""The agents of a release, ready to run: prompts compiled, models wrapped and tools bound once."""

import asyncio
import os
from collections.abc import AsyncIterable, Callable, Sequence

from pydantic_ai import Agent, RunContext
from pydantic_ai.agent import EventStreamHandler
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.exceptions import (
    AgentRunError,
    ModelAPIError,
    ModelContextWindowExceededError,
    RunTimedOut,
    UsageLimitExceeded,
    UserError,
)
from pydantic_ai.messages import (
    AgentStreamEvent,
    ModelMessage,
    ModelResponse,
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
from mooring.runtime.agent.first_call import GIVEN, FirstCall, Given, can_begin, final
from mooring.runtime.agent.ladder.answers import Prepared, apologise
from mooring.runtime.agent.ladder.language import approval_note, in_one_language
from mooring.runtime.agent.ladder.seam import SEPARATOR
from mooring.runtime.agent.model_errors import NothingPrepared, worth_a_rung
from mooring.runtime.agent.tools.tool import BoundTool
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.runtime.core.record import CURRENT, Record
from mooring.runtime.core.turn import Answer, Approval, Turn, as_messages

OnText = Callable[[str], None]
Output = str | DeferredToolRequests

GRACE = 1.0
"""Seconds a run may take beyond its deadline, for the last rung to answer; then it is stopped."""

os.environ["PYDANTIC_AI_NO_BANNER"] = "1"
"""Else it puts a page about its vendor's service into the terminal or log in which a process first runs an agent."""

FAILURES = (AgentRunError, UserError, ValueError, TypeError, LookupError, AttributeError, AssertionError)
"""What an answer that nobody foresaw can raise in the agent loop, which trusts models more than they deserve."""

_FINISH = {"length": "length", "content_filter": "content_filter"}


class Served:
    """One agent. Its runs happen in a context whose `CURRENT` is their record."""

    def __init__(
        self,
        document: spec.Agent,
        prompt: CompiledPrompt,
        profile: spec.Resilience,
        model: Model,
        prepared: Prepared,
        tools: list[BoundTool],
        release: str,
        capabilities: Sequence[AbstractCapability[None]] = (),
    ) -> None:
        self.document = document
        self.profile = profile
        self.release = release
        self.prompt = prompt
        self.model, self.prepared, self.tools = model, prepared, tools
        waits = any(tool.document.approval == "human" for tool in tools)
        self._agent: Agent[None, Output] = Agent(
            model,
            name=document.name,
            output_type=[str, DeferredToolRequests] if waits else str,
            tools=[tool.tool() for tool in tools],
            deps_type=type(None),
            capabilities=[Given(), *capabilities],
            retries={"tools": document.limits.max_model_calls},
        )
        self._first = FirstCall(model, tools)
        self._limits = UsageLimits(request_limit=document.limits.max_model_calls)
        self._json = document.output.type == "json"

    async def run(self, turn: Turn, on_text: OnText | None = None) -> Answer:
        """Answers a turn. `on_text` is given the text piece by piece, as it comes. Raises Problem."""
        record = CURRENT.get()
        before, last = self.prompt.render(turn.message, turn.variables)
        record.turn = turn
        self.prepared.asked(record, turn)
        answer = await self._go(last, [*as_messages([*before, *turn.history]), *turn.past], None, on_text)
        self.prepared.keep(record, answer)
        return answer

    async def go_on(self, turn: Turn, messages: list[ModelMessage], decisions: DeferredToolResults) -> Answer:
        """Goes on with the run of a turn that waited for approvals. Raises Problem."""
        CURRENT.get().turn = turn
        return await self._go(None, messages, decisions, None)

    async def _go(
        self,
        prompt: str | None,
        history: list[ModelMessage],
        decisions: DeferredToolResults | None,
        on_text: OnText | None,
    ) -> Answer:
        record = CURRENT.get()
        said: list[str] = []
        tell = on_text or _ignore

        def instead(text: str) -> Answer:
            shown = f"{SEPARATOR}{text}" if said else text
            record.wrote(record.rung, len(shown))
            tell(shown)
            return Answer(text, "stop")

        live = None if self._json or on_text is None else _noting(on_text, said)
        try:
            begun: Answer | ModelResponse | None = None
            if prompt is not None and live is None and can_begin(history):
                begun = await self._at_once(prompt, history)
            if isinstance(begun, Answer):
                answer = begun
            else:
                handler = _teller(live) if live else None
                answer = await self._looped(prompt, history, decisions, handler, begun)
        except RunTimedOut:
            return instead(apologise(self.profile, record))
        except UsageLimitExceeded as error:
            return instead(await self._exhausted(record, error))
        except FAILURES as error:
            if problem := _problem(error):
                raise problem from error
            LOGGER.warning("run fell to its last rungs", extra={"run": record.run, "problem": type(error).__name__})
            return instead(await self._last_rungs(record))
        if answer.approvals or live is None:
            tell(answer.text)
        return answer

    async def _at_once(self, prompt: str, history: list[ModelMessage]) -> Answer | ModelResponse:
        """The answer of a run that ends with its first model call, or the response that the loop has to go on from."""
        timer = asyncio.timeout(CURRENT.get().budget.left() + GRACE)
        try:
            async with timer:
                messages, response = await self._first.answer(prompt, history)
        except TimeoutError as error:
            if not timer.expired():
                raise
            raise RunTimedOut("the first model call took longer than the run may") from error
        if (text := final(response)) is not None:
            return Answer(text, "stop", messages)
        return response

    async def _looped(
        self,
        prompt: str | None,
        history: list[ModelMessage],
        decisions: DeferredToolResults | None,
        handler: EventStreamHandler[None] | None,
        given: ModelResponse | None = None,
    ) -> Answer:
        """The answer of the agent loop, however many calls that takes; the first one has the response `given`."""
        record = CURRENT.get()
        token = GIVEN.set([given] if given else None)
        try:
            result = await self._agent.run(
                prompt,
                message_history=history,
                deferred_tool_results=decisions,
                usage_limits=self._limits,
                timeout=record.budget.left() + GRACE,
                event_stream_handler=handler,
                infer_name=False,
            )
        finally:
            GIVEN.reset(token)
        return _answer(result, record, self.profile)

    async def _last_rungs(self, record: Record) -> str:
        """L3, else L4, where a model answered and the run cannot go on with what it said."""
        try:
            return await self.prepared.answer()
        except NothingPrepared:
            return apologise(self.profile, record)

    async def _exhausted(self, record: Record, error: UsageLimitExceeded) -> str:
        """L3 of a run whose model calls tools for ever. Raises Problem: L4 would promise what comes out no better."""
        record.exhausted = True
        try:
            return await self.prepared.answer()
        except NothingPrepared:
            (message,) = in_one_language(record, self.profile, self.profile.messages.limit)
            raise Problem("run_limit_exceeded", message) from error


def _answer(result: AgentRunResult[Output], record: Record, profile: spec.Resilience) -> Answer:
    messages = tuple(result.all_messages())
    if isinstance(result.output, DeferredToolRequests):
        approvals = tuple(map(Approval.of, result.output.approvals))
        names = ", ".join(approval.tool for approval in approvals)
        return Answer(approval_note(names, record, profile), "stop", messages, approvals)
    return Answer(result.output, _FINISH.get(result.response.finish_reason or "", "stop"), messages)


def _problem(error: Exception) -> Problem | None:
    """What a client is told of a request that is wrong in itself; None for everything that is not the client's doing.

    Never says what a provider said, which may quote the conversation or the account.
    """
    match error:
        case ModelContextWindowExceededError():
            return Problem("context_length_exceeded", "the conversation is too long for the model", "messages")
        case ModelAPIError() if not worth_a_rung(error):
            return Problem("model_rejected_request", "the model's endpoint refused the request as wrong in itself")
    return None


def _noting(tell: OnText, said: list[str]) -> OnText:
    def noted(text: str) -> None:
        said[:] = [text]
        tell(text)

    return noted


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
