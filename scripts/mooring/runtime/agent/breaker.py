"""Stops calling a model that keeps failing; a single probe call finds out whether it has recovered."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelAPIError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import OUTRUN, OVERTAKEN, BreakerOpen, health_after
from mooring.runtime.core.circuit import Call, Circuit, CircuitOpen, Health
from mooring.spec.resilience import RungPolicy


class Breaker(Layer):
    """A model behind a circuit, which all rungs that call the same endpoint share.

    One failure is a rung whose tries all failed. A stream is slow when its first event is, and is judged at its end.
    A call that was cancelled counts neither way, unless a try of it had failed, or nothing had come for as long as one
    try may take. One that was outrun, by a rung that was asked later, counts for the failures in a row alone: so hedges
    do not hide for long that an endpoint is silent. A probe that another rung overtook has failed; otherwise every
    request would make it again.
    """

    def __init__(self, wrapped: Model, circuit: Circuit, limits: RungPolicy) -> None:
        super().__init__(wrapped)
        self.circuit, self.limits = circuit, limits

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with self._guarded(self.limits.timeout_seconds):
            return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        with self._guarded(self.limits.beginning) as call:
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                self.circuit.answering(call)
                yield stream

    @contextmanager
    def _guarded(self, limit: float) -> Generator[Call]:
        try:
            call = self.circuit.enter()
        except CircuitOpen as error:
            raise BreakerOpen(self.model_name) from error
        try:
            yield call
            call.health = Health.WELL
        except BaseException as error:
            tried = isinstance(error, asyncio.CancelledError) and error.__cause__
            call.health = Health.ILL if self._silent(call, error, limit) else health_after(tried or error)
            call.outrun = call.took is None and OUTRUN in error.args
            call.retry_after = (error.retry_after if isinstance(error, ModelAPIError) else None) or 0.0
            raise
        finally:
            self.circuit.leave(call)

    def _silent(self, call: Call, error: BaseException, limit: float) -> bool:
        """Whether a call that was cancelled had its chance."""
        if not isinstance(error, asyncio.CancelledError) or call.took is not None:
            return False
        return self.circuit.waited(call) >= limit or (call.probe and bool({OUTRUN, OVERTAKEN} & set(error.args)))
