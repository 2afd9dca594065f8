"""Tries of one rung, the only retries there are: backoff, jitter, Retry-After and the deadline."""

import asyncio
import random
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from typing import Any, TypeVar

import httpx2
from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelAPIError, ModelRequestTimeout, ModelTimeoutError
from pydantic_ai.messages import (
    ModelMessage,
    ModelResponse,
    ModelResponseStreamEvent,
    PartDeltaEvent,
    PartStartEvent,
    TextPart,
    TextPartDelta,
    ThinkingPart,
    ThinkingPartDelta,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring import spec
from mooring.runtime.agent.allowance import Allowance
from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import OutOfTime, in_brief, nothing_said, worth_a_try
from mooring.runtime.core.record import CURRENT
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.resilience import Retry as Policy

T = TypeVar("T")

SDK_SECONDS = 180.0
"""The SDK's own time limit, beyond any that a rung may have: the rung's is the one that counts."""

_TIMEOUTS = (ModelRequestTimeout, ModelTimeoutError)

TELLING = 0.5
"""A try that the deadline cut below this part of its timeout says nothing about the endpoint when it runs out."""


def wait_before(number: int, policy: Policy, random_unit: Callable[[], float] = random.random) -> float:
    """Seconds to wait after try `number` (from 1) failed. `random_unit` returns a number in [0, 1)."""
    wait, luck = policy.wait(number), random_unit()
    match policy.jitter:
        case "proportional":
            return wait * (1 + policy.jitter_rate * (2 * luck - 1))
        case "full":
            return wait * luck
        case "equal":
            return wait * (1 + luck) / 2
        case "none":
            return wait


def share(left: float, below: Sequence[float]) -> float:
    """Seconds that a rung may take of the `left` ones of the deadline.

    It leaves one try for each rung below it, whose timeouts are `below`; when that is more than there is, an even
    share. So a primary that hangs cannot use up the time in which another would have answered.
    """
    return max(left - sum(below), left / (len(below) + 1))


class Retry(Layer):
    """Tries the model of a document `name` as often as its rung may, each try within the rung's limits.

    All tries together end with the rung's share of the deadline, and with `Resilience.rung_seconds`. After a timeout
    there are `tries_after_timeout` more, and no more than the `allowance` has. A `Retry-After` beyond the cap or the
    time left ends the tries at once: the next rung is sooner. A stream must say something within its first-byte limit,
    and never be silent for longer.
    """

    def __init__(
        self,
        wrapped: Model,
        name: str,
        profile: spec.Resilience,
        rung: str,
        below: Sequence[str],
        metrics: Metrics,
        allowance: Allowance,
    ) -> None:
        super().__init__(wrapped)
        self.allowance = allowance
        rungs = profile.ladder.rungs
        self.name, self.rung = name, rung
        self.policy, self.limits = profile.retry, rungs.of(rung)
        self.tries, self.seconds = profile.tries(rung), profile.rung_seconds(rung)
        self.below = [rungs.of(lower).timeout_seconds for lower in below]
        self.metrics = metrics
        self._timeout = httpx2.Timeout(SDK_SECONDS, connect=self.limits.connecting)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        settings = self._limited(model_settings)
        return await self._tried(
            lambda: self.wrapped.request(messages, settings, model_request_parameters), self.limits.timeout_seconds
        )

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        settings = self._limited(model_settings)

        async def begin() -> tuple[StreamedResponse, AsyncExitStack]:
            async with AsyncExitStack() as opening:
                stream = await opening.enter_async_context(
                    self.wrapped.request_stream(messages, settings, model_request_parameters, run_context)
                )
                await prime(stream, self._next)
                return stream, opening.pop_all()

        stream, opened = await self._tried(begin, self.limits.beginning)
        async with opened:
            yield stream

    def _limited(self, settings: ModelSettings | None) -> ModelSettings:
        """The settings with the limit for connecting, which only the client can hold."""
        return {**(settings or {}), "timeout": self._timeout}

    async def _tried(self, call: Callable[[], Awaitable[T]], limit: float) -> T:
        now = asyncio.get_running_loop().time
        end = now() + min(share(CURRENT.get().budget.left(), self.below), self.seconds)
        timeouts, failed = 0, None
        self.allowance.earn()
        for number in count(1):
            began = now()
            try:
                answer = await self._in_time(call, limit, end - now())
            except asyncio.CancelledError as cancelled:
                raise cancelled from failed
            except Exception as error:
                failed = error
                timeouts += isinstance(error, _TIMEOUTS)
                last = number >= self.tries or timeouts > self.policy.tries_after_timeout
                wait = None if last else self._wait(number, error, end - now())
                if wait is None or not self.allowance.spend():
                    self._tell(number, "failure")
                    raise
                self.metrics.retries.labels(self.model_name, type(error).__name__).inc()
                CURRENT.get().tried(self.rung, self.name, in_brief(error), now() - began)
            else:
                self._tell(number, "success")
                return answer
            CURRENT.get().retries += 1
            try:
                await asyncio.sleep(wait)
            except asyncio.CancelledError as cancelled:
                raise cancelled from failed
        raise AssertionError("counting has no end")

    def _tell(self, tries: int, outcome: str) -> None:
        if tries > 1 and not CURRENT.get().probe:
            self.metrics.retried.labels(self.model_name, outcome).inc()

    def _wait(self, number: int, error: Exception, left: float) -> float | None:
        """Seconds until the next try, or None when there is none."""
        if not worth_a_try(error):
            return None
        asked = (error.retry_after if isinstance(error, ModelAPIError) else None) or 0.0
        wait = max(asked, wait_before(number, self.policy))
        return None if asked > self.policy.cap_seconds or wait >= left else wait

    async def _in_time(self, call: Callable[[], Awaitable[T]], seconds: float, left: float) -> T:
        if left <= 0:
            raise OutOfTime(self.model_name)
        limit = min(seconds, left)
        timer = asyncio.timeout(limit)
        try:
            async with timer:
                return await call()
        except TimeoutError as error:
            if not timer.expired():
                raise
            if limit < TELLING * seconds:
                raise OutOfTime(self.model_name) from error
            raise ModelRequestTimeout(self.model_name, limit) from error

    async def _next(self, events: AsyncIterator[ModelResponseStreamEvent]) -> ModelResponseStreamEvent:
        return await self._in_time(lambda: anext(events), self.limits.beginning, CURRENT.get().budget.left())


Events = AsyncIterator[ModelResponseStreamEvent]


async def prime(stream: StreamedResponse, pull: Callable[[Events], Awaitable[ModelResponseStreamEvent]]) -> None:
    """Waits for a stream's first content; its reader gets every event all the same. `pull` fetches each later one.

    A vendor may send an empty piece at once and then nothing: that is no content. Raises EmptyAnswer or Unfit when
    there is none.
    """
    events = aiter(stream)
    seen: list[ModelResponseStreamEvent] = []
    while not (seen and _says(seen[-1])):
        try:
            seen.append(await anext(events))
        except StopAsyncIteration as error:
            raise nothing_said(stream.finish_reason) from error

    async def all_events() -> AsyncGenerator[ModelResponseStreamEvent]:
        for event in seen:
            yield event
        while True:
            try:
                event = await pull(events)
            except StopAsyncIteration:
                return
            yield event

    # Iterating a StreamedResponse gives the iterator stored here; pydantic-ai's own fallback sets it likewise.
    stream._event_iterator = all_events()


def _says(event: ModelResponseStreamEvent) -> bool:
    """Whether an event brings anything: text, a thought, or the beginning of another part, such as a tool call."""
    match event:
        case PartStartEvent(part=TextPart(content=text) | ThinkingPart(content=text)):
            return bool(text)
        case PartDeltaEvent(delta=TextPartDelta(content_delta=text) | ThinkingPartDelta(content_delta=text)):
            return bool(text)
    return isinstance(event, PartStartEvent)
