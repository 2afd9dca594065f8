"""Tool documents as tools of an agent: checked on the way in and out, limited in time, size and number."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import httpx2
from pydantic_ai import RunContext, Tool
from pydantic_ai.exceptions import ToolFailed

from mooring import spec
from mooring.runtime.binds import CallFailed, fill, request, send
from mooring.runtime.record import CURRENT, Record, ToolCall
from mooring.runtime.shape import broken, checker
from mooring.runtime.telemetry import Metrics


class HttpTool:
    """One tool of one agent. Whatever goes wrong is told to the agent, and never ends its run."""

    def __init__(self, document: spec.Tool, base: str, client: httpx2.AsyncClient, metrics: Metrics) -> None:
        self.document = document
        self._base = base.rstrip("/")
        self._client = client
        self._metrics = metrics
        self._input = checker(document.input_schema)
        self._output = checker(document.output_schema)

    def tool(self) -> Tool[None]:
        """The tool as pydantic-ai takes it."""
        made: Tool[None] = Tool.from_schema(
            self.call,
            name=self.document.exported,
            description=self.document.description,
            json_schema=self.document.input_schema,
            takes_ctx=True,
            args_validator=self.check_arguments,
        )
        made.requires_approval = self.document.approval == "human"
        return made

    def check_arguments(self, context: RunContext[None], /, **arguments: Any) -> None:
        """Refuses arguments that break the input schema: before anybody is asked to approve them."""
        if wrong := broken(self._input, arguments):
            self._end(self._begin(CURRENT.get()), "invalid-arguments", 0.0)
            raise ToolFailed(f"the arguments are wrong: {wrong}")

    async def call(self, context: RunContext[None], /, **arguments: Any) -> Any:
        """Calls the service and returns its JSON value. Raises ToolFailed with words for the agent."""
        record, name, most = CURRENT.get(), self.document.exported, self.document.max_calls_per_run
        if name in record.withheld:
            raise ToolFailed(f"{name} was not carried out: this is a rehearsal")
        if record.called(name) >= most:
            raise ToolFailed(f"{name} may be called {most} times in a run, and has been")
        limit = min(self.document.timeout_seconds, record.budget.left())
        noted, started, outcome = self._begin(record), time.perf_counter(), "cancelled"
        try:
            async with asyncio.timeout(limit):
                result = await self._answer(record, context.tool_call_id or uuid4().hex, arguments)
            outcome = "done"
        except TimeoutError as error:
            outcome = "timeout"
            raise ToolFailed(f"{name} did not answer within {limit:.3g} seconds") from error
        except CallFailed as error:
            outcome = "failed"
            raise ToolFailed(str(error)) from error
        finally:
            self._end(noted, outcome, time.perf_counter() - started)
        return result

    async def _answer(self, record: Record, call: str, arguments: dict[str, Any]) -> Any:
        headers = {"x-mooring-run": record.run, "idempotency-key": self._key(record, call, arguments)}
        call_to = request(self._client, self.document.bind, self._base, arguments, headers)
        result = await send(self._client, call_to)
        if wrong := broken(self._output, result):
            raise CallFailed(f"the result is not what {self.document.exported} promises: {wrong}")
        return result

    def _key(self, record: Record, call: str, arguments: dict[str, Any]) -> str:
        """The tool's own key holds across runs, so that an order is refunded once; without one, it is the call's."""
        template = self.document.idempotency_key
        return fill(template, arguments) if template else f"{record.run}-{call}"

    def _begin(self, record: Record) -> ToolCall:
        call = ToolCall(self.document.exported, "running", 0.0)
        record.tool_calls.append(call)
        return call

    def _end(self, call: ToolCall, outcome: str, seconds: float) -> None:
        call.outcome, call.seconds = outcome, round(seconds, 6)
        self._metrics.tool_calls.labels(call.name, outcome).inc()
        self._metrics.tool_seconds.labels(call.name).observe(seconds)
