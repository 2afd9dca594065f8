"""Bounds how many calls of a model are under way: who would wait in its queue for too long asks the next rung at once.

A server of one's own answers one after the other and mostly refuses nobody, so that without a bound every call in a
crowd times out, its breaker opens, and nobody is answered.
"""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import Busy


class Queue(Layer):
    """Lets as many calls through at once as `most` says by then, streams included. Raises Busy for one more."""

    def __init__(self, wrapped: Model, most: Callable[[], int]) -> None:
        super().__init__(wrapped)
        self.most = most
        self.under_way = 0

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with self._admitted():
            return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        with self._admitted():
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                yield stream

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        if self.under_way >= self.most():
            raise Busy(self.model_name)
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1
