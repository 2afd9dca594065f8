"""Tries of one model, the only retries there are: backoff, jitter, Retry-After and the deadline."""

import asyncio
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import stamina
from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelAPIError, ModelRequestTimeout
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from mooring import spec
from mooring.runtime.faults import OutOfTime, worth_a_try
from mooring.runtime.record import CURRENT
from mooring.runtime.telemetry import Metrics
from mooring.spec.resilience import Retry as Policy

T = TypeVar("T")

# Its hooks would log every wait a second time, and count in the registry of the whole process.
stamina.instrumentation.set_on_retry_hooks([])


def wait_before(number: int, policy: Policy, random_unit: Callable[[], float] = random.random) -> float:
    """Seconds to wait after try `number` (from 1) failed. `random_unit` returns a number in [0, 1)."""
    wait = policy.wait(number)
    return wait * (1 + policy.jitter_rate * (2 * random_unit() - 1))


class Retry(WrapperModel):
    """Tries a model up to `policy.tries` times, each try for `timeout` seconds or what is left of the deadline.

    A `Retry-After` beyond the cap or the deadline ends the tries at once: the next rung is sooner.
    """

    def __init__(self, wrapped: Model, profile: spec.Resilience, metrics: Metrics) -> None:
        super().__init__(wrapped)
        self.policy = profile.retry
        self.timeout = profile.ladder.rungs.of("L0").timeout_seconds
        self.metrics = metrics

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        return await self._tried(lambda: self.wrapped.request(messages, model_settings, model_request_parameters))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        async with AsyncExitStack() as stack:
            yield await self._tried(
                lambda: stack.enter_async_context(
                    self.wrapped.request_stream(messages, model_settings, model_request_parameters, run_context)
                )
            )

    async def _tried(self, call: Callable[[], Awaitable[T]]) -> T:
        async for attempt in stamina.retry_context(on=self._backoff(), attempts=self.policy.tries, timeout=None):
            with attempt:
                return await self._in_time(call)
        raise AssertionError("stamina re-raises the last error")

    async def _in_time(self, call: Callable[[], Awaitable[T]]) -> T:
        left = CURRENT.get().budget.left()
        if left <= 0:
            raise OutOfTime(self.model_name)
        limit = min(self.timeout, left)
        timer = asyncio.timeout(limit)
        try:
            async with timer:
                return await call()
        except TimeoutError as error:
            if timer.expired():
                raise ModelRequestTimeout(self.model_name, limit) from error
            raise

    def _backoff(self) -> Callable[[Exception], bool | float]:
        """A hook for stamina, which asks it after every failed try; stamina's own jitter only ever adds."""
        failed = 0

        def wait(error: Exception) -> bool | float:
            nonlocal failed
            failed += 1
            if failed >= self.policy.tries or not worth_a_try(error):
                return False
            asked = (error.retry_after if isinstance(error, ModelAPIError) else None) or 0.0
            seconds = max(asked, wait_before(failed, self.policy))
            record = CURRENT.get()
            if asked > self.policy.cap_seconds or seconds >= record.budget.left():
                return False
            record.retries += 1
            self.metrics.retries.labels(self.model_name, type(error).__name__).inc()
            return seconds

        return wait
