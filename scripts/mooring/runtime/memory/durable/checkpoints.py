"""Makes every model call and every tool call of an agent a step of its run."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from pydantic import JsonValue, TypeAdapter
from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.capabilities.abstract import (
    CapabilityOrdering,
    ValidatedToolArgs,
    WrapModelRequestHandler,
    WrapToolExecuteHandler,
)
from pydantic_ai.messages import ModelResponse, ToolCallPart
from pydantic_ai.models import ModelRequestContext
from pydantic_ai.tools import ToolDefinition
from pydantic_core import to_jsonable_python

from mooring.runtime.core.record import CURRENT
from mooring.runtime.memory.durable.outcome import ANSWERS, as_result, as_value
from mooring.runtime.memory.steps import STEPS

_RESPONSE: TypeAdapter[ModelResponse] = TypeAdapter(ModelResponse)


class Checkpoints(AbstractCapability[None]):
    """The outermost capability: ladder, breaker and retries are inside a model's step, a tool's timeout inside its.

    With a response the run's record is kept, with a tool's result the note of its call: what is replayed is on the
    record as it was the first time.
    """

    def get_ordering(self) -> CapabilityOrdering:
        return CapabilityOrdering(position="outermost")

    async def wrap_model_request(
        self, ctx: RunContext[None], *, request_context: ModelRequestContext, handler: WrapModelRequestHandler
    ) -> ModelResponse:
        return await model_step(lambda: handler(request_context))

    async def wrap_tool_execute(
        self,
        ctx: RunContext[None],
        *,
        call: ToolCallPart,
        tool_def: ToolDefinition,
        args: ValidatedToolArgs,
        handler: WrapToolExecuteHandler,
    ) -> Any:
        steps, record = STEPS.get(), CURRENT.get()
        if steps is None:
            return await handler(args)
        errors: list[Exception] = []
        noted = record.call(call.tool_call_id, call.tool_name)  # counted when its arguments were checked

        async def body() -> JsonValue:
            outcome: dict[str, Any]
            try:
                outcome = {"ok": to_jsonable_python(await handler(args))}
            except ANSWERS as error:
                errors.append(error)
                outcome = as_value(error)
            return outcome | {"calls": [asdict(noted)]}

        value: Any
        value, replayed = await steps.step(steps.tool(call.tool_call_id), body)
        if replayed:
            ctx.usage.tool_calls += 1
            vars(noted).update(value["calls"][0] | {"replayed": True})
        for error in errors:
            raise error
        return as_result(value)


async def model_step(ask: Callable[[], Awaitable[ModelResponse]]) -> ModelResponse:
    """What a model answers that is asked now, or what it answered when the run got as far as this before."""
    steps, record = STEPS.get(), CURRENT.get()
    if steps is None:
        return await ask()
    fresh: list[ModelResponse] = []

    async def body() -> JsonValue:
        fresh.append(await ask())
        return {"response": _RESPONSE.dump_python(fresh[0], mode="json"), "record": record.data()}

    def matters() -> bool:
        """A last answer has no effect before the end of the run, which says it all; unless a conversation keeps it,
        where another answer would contradict it if the run went on elsewhere."""
        return record.conversation is not None or any(isinstance(part, ToolCallPart) for part in fresh[0].parts)

    value: Any
    value, replayed = await steps.step(steps.next_model(), body, matters)
    if not replayed:
        return fresh[0]
    record.restore(value["record"])
    for call in record.tool_calls:
        call.replayed = True
    return _RESPONSE.validate_python(value["response"])
