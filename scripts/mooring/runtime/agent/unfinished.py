"""Prices calls that were given up: a vendor bills what it read and said, whether or not anybody waits for the rest."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring import spec
from mooring.runtime.agent.context.tokens import Tokens
from mooring.runtime.agent.layer import Layer
from mooring.runtime.core.record import CURRENT
from mooring.runtime.watch.telemetry import Metrics


class Unfinished(Layer):
    """One try of a model. One that timed out, lost to another rung or died in mid-stream is put on record by estimate.

    Nobody says what such a call cost: no usage is sent before the end. What was sent counts in full, and of the answer
    what came. A call that was refused costs nothing.
    """

    def __init__(self, wrapped: Model, document: spec.Model, tokens: Tokens, metrics: Metrics) -> None:
        super().__init__(wrapped)
        self.document, self.tokens, self.metrics = document, tokens, metrics

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        try:
            return await self.wrapped.request(messages, model_settings, model_request_parameters)
        except asyncio.CancelledError:
            self._price(messages, model_request_parameters)
            raise

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        stream: StreamedResponse | None = None
        try:
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                yield stream
        except BaseException as error:
            if stream is not None or isinstance(error, asyncio.CancelledError):
                self._price(messages, model_request_parameters, stream)
            raise

    def _price(
        self,
        messages: list[ModelMessage],
        parameters: ModelRequestParameters,
        stream: StreamedResponse | None = None,
    ) -> None:
        document, record = self.document, CURRENT.get()
        sent = sum(self.tokens.of(document.id, message) for message in messages)
        sent += self.tokens.of_tools(document.id, parameters)
        said = self.tokens.of(document.id, stream.get()) if stream is not None and stream.get().parts else 0
        if stream is not None and stream.usage.input_tokens:
            sent, said = stream.usage.input_tokens, stream.usage.output_tokens
        cost = document.prices.cost(sent, said)
        record.spent(sent, said, cost)
        self.metrics.cost.labels(record.agent, document.id).inc(cost)
        self.metrics.unfinished.labels(record.agent, document.id).inc()
