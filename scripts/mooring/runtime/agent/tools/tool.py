"""A tool of an agent: limited in time, size and number, checked on the way in and out, tried again where it may be."""

import asyncio
import json
from itertools import count
from typing import Any
from uuid import uuid4

from pydantic_ai import RunContext, Tool
from pydantic_ai.exceptions import ToolFailed, UsageLimitExceeded

from mooring import spec
from mooring.runtime.agent.retry import wait_before
from mooring.runtime.agent.tools.binding import Binding, Call, CallFailed, TooSlow, Unavailable, fill, too_large
from mooring.runtime.agent.tools.result import clean
from mooring.runtime.core.circuit import Call as Entered
from mooring.runtime.core.circuit import Circuit, CircuitOpen, Health
from mooring.runtime.core.clock import now
from mooring.runtime.core.record import CURRENT, Record, ToolCall
from mooring.runtime.core.shape import broken, checker
from mooring.runtime.watch.telemetry import Metrics


class BoundTool:
    """One tool of one agent. Whatever goes wrong is told to the agent; a call never ends its run.

    Only an agent that goes on calling tools after it was told that it has had all of them ends it.
    """

    def __init__(
        self,
        document: spec.Tool,
        profile: spec.Resilience,
        most: int,
        binding: Binding,
        circuit: Circuit,
        metrics: Metrics,
    ) -> None:
        self.document = document
        self.circuit = circuit
        self._profile = profile
        self._most = most
        self._binding = binding
        self._metrics = metrics
        self._input = checker(document.input_schema)
        self._output = checker(document.output_schema)
        self._tries = profile.tools.tries if document.repeatable else 1

    def tool(self) -> Tool[None]:
        """The tool as pydantic-ai takes it."""
        made: Tool[None] = Tool.from_schema(
            self.call,
            name=self.document.exported,
            description=self.document.description,
            json_schema=self.document.input_schema,
            takes_ctx=True,
            args_validator=self.check,
        )
        made.requires_approval = self.document.approval == "human"
        return made

    def check(self, context: RunContext[None], /, **arguments: Any) -> None:
        """Counts a call, and refuses it when there were enough or its arguments break the schema.

        That is before anybody is asked to approve it. A call that is checked again, once approved or when a run
        goes on after a crash, is the same call by its id and counts once. Raises ToolFailed, UsageLimitExceeded.
        """
        record, name = CURRENT.get(), self.document.exported
        noted = record.call(_id(context), name)
        before = record.tool_calls[: record.tool_calls.index(noted)]
        if len(before) >= self._most:
            self._refuse(record, noted, arguments, "refused")
            if record.last_step is None:
                record.last_step = context.run_step
            elif context.run_step > record.last_step:
                raise UsageLimitExceeded(f"{name} was called after the last of {self._most} calls of tools")
            raise ToolFailed(f"this run has made all of its {self._most} calls of tools: answer now with what you know")
        if sum(call.name == name for call in before) >= self.document.max_calls_per_run:
            self._refuse(record, noted, arguments, "refused")
            raise ToolFailed(f"{name} may be called {self.document.max_calls_per_run} times in a run, and has been")
        if wrong := broken(self._input, arguments):
            self._refuse(record, noted, arguments, "invalid-arguments")
            raise ToolFailed(f"the arguments are wrong: {wrong}")

    async def call(self, context: RunContext[None], /, **arguments: Any) -> Any:
        """What pydantic-ai calls once the arguments are checked."""
        return await self.execute(CURRENT.get(), _id(context), arguments)

    async def execute(self, record: Record, call_id: str, arguments: dict[str, Any]) -> Any:
        """The tool's JSON value; the one way to have an effect. Raises ToolFailed with words for the agent.

        Made again with the same run, id and arguments, it has the same idempotency key.
        """
        name = self.document.exported
        if name in record.withheld:
            self._refuse(record, record.call(call_id, name), arguments, "withheld")
            raise ToolFailed(f"{name} was not carried out: this is a rehearsal")
        noted, started, outcome = record.call(call_id, name), now(), "cancelled"
        record.begin(noted, arguments)
        try:
            noted.key = self._key(record, noted, arguments)
            call = Call(record.run, noted.key, arguments, self._profile.tools.max_result_bytes)
            with self._metrics.tracing.tool(name, call_id), self.circuit.guard(_judge) as entered:
                result = await self._tried(record, call, entered)
            outcome = "done"
        except CircuitOpen as error:
            outcome = "breaker-open"
            when = f"for the next {error.seconds:.0f} seconds" if error.seconds >= 1 else "just now"
            raise ToolFailed(f"{name} has failed too often and is not called {when}; go on without") from error
        except CallFailed as error:
            outcome = "timeout" if isinstance(error, TooSlow) else "failed"
            raise ToolFailed(str(error)) from error
        finally:
            self._end(record, noted, outcome, now() - started)
        return result

    async def _tried(self, record: Record, call: Call, entered: Entered) -> Any:
        """Tries it as often as is allowed. What was too slow is not tried again: the agent has waited enough."""
        for number in count(1):
            started = now()
            try:
                return await self._once(record, call)
            except Unavailable as error:
                entered.retry_after = error.retry_after
                wait = self._wait(number, error.retry_after, record)
                if wait is None:
                    raise
                self._metrics.tool_retries.labels(self.document.exported).inc()
                record.retries += 1
            finally:
                entered.took = now() - started
            await asyncio.sleep(wait)
        raise AssertionError("a loop without end")

    def _wait(self, number: int, asked: float, record: Record) -> float | None:
        """Seconds until try `number` + 1, or None when there is none."""
        wait = max(asked, wait_before(number, self._profile.retry))
        if number >= self._tries or asked > self._profile.retry.cap_seconds or wait >= record.budget.left():
            return None
        return wait

    async def _once(self, record: Record, call: Call) -> Any:
        left, most = record.budget.left(), self.document.timeout_seconds
        limit = min(most, left)
        timer = asyncio.timeout(limit)
        try:
            async with timer:
                return self._fitting(await self._binding.answer(call), call)
        except TimeoutError as error:
            if not timer.expired():
                raise
            name = self.document.exported
            raise TooSlow(f"{name} did not answer within {limit:.3g} seconds", ill=most <= left) from error

    def _fitting(self, result: Any, call: Call) -> Any:
        """The result without hidden characters, when it is what the tool promises. Raises CallFailed."""
        try:
            result = clean(result)
        except ValueError as error:
            raise CallFailed(f"the result cannot be used: {error}") from error
        if len(json.dumps(result, ensure_ascii=False).encode()) > call.largest:
            raise too_large(call)
        if wrong := broken(self._output, result):
            raise CallFailed(f"the result is not what {self.document.exported} promises: {wrong}")
        return result

    def _key(self, record: Record, noted: ToolCall, arguments: dict[str, Any]) -> str:
        """The tool's own key holds across runs, so that an order is refunded once; without one, it is the call's.

        The call's number is part of it, since the ids of some models are unique in one answer only.
        """
        template = self.document.idempotency_key
        return fill(template, arguments) if template else f"{record.run}-{record.tool_calls.index(noted)}-{noted.id}"

    def _refuse(self, record: Record, noted: ToolCall, arguments: dict[str, Any], outcome: str) -> None:
        record.begin(noted, arguments)
        self._end(record, noted, outcome, 0.0)

    def _end(self, record: Record, noted: ToolCall, outcome: str, seconds: float) -> None:
        record.end(noted, outcome, seconds)
        self._metrics.tool_calls.labels(noted.name, outcome).inc()
        self._metrics.tool_seconds.labels(noted.name).observe(seconds)


def _judge(error: BaseException) -> Health:
    """A service that refused a call is well; a call that was cancelled or had no time says nothing."""
    match error:
        case Unavailable() | TooSlow(ill=True):
            return Health.ILL
        case TooSlow():
            return Health.UNKNOWN
        case CallFailed():
            return Health.WELL
    return Health.UNKNOWN


def _id(context: RunContext[None]) -> str:
    return context.tool_call_id or uuid4().hex
