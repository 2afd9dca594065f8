"""One rung of the ladder that calls a model."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from decimal import Decimal
from typing import Any

from opentelemetry.trace import Span
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from mooring import spec
from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import in_brief
from mooring.runtime.core.clock import now
from mooring.runtime.core.record import ANSWERED, CURRENT
from mooring.runtime.watch.telemetry import CHAT, Metrics


class Rung(Layer):
    """One rung: measures its calls, prices them, and records that it answered."""

    def __init__(
        self, wrapped: Model, rung: str, document: spec.Model, metrics: Metrics, simulated: bool = False
    ) -> None:
        super().__init__(wrapped)
        self.rung, self.simulated = rung, simulated
        self.document = document
        self.metrics = metrics

    def prepare_request(
        self, model_settings: ModelSettings | None, model_request_parameters: ModelRequestParameters
    ) -> tuple[ModelSettings | None, ModelRequestParameters]:
        """Nothing: the model prepares its request itself, and FallbackModel asks for this only to describe a span."""
        return model_settings, model_request_parameters

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with self._measured() as span:
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            CURRENT.get().reached(self.rung, self.simulated)
            self._priced(response.usage, span)
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        with self._measured() as span:
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                CURRENT.get().reached(self.rung, self.simulated)
                yield stream
            self._priced(stream.usage, span)

    @contextmanager
    def _measured(self) -> Generator[Span]:
        started = now()
        try:
            with self.metrics.tracing.call(self.document.provider, self.document.id, self.rung) as span:
                yield span
        except BaseException as error:
            self._timed(started, type(error).__name__, in_brief(error))
            raise
        self._timed(started)

    def _timed(self, started: float, error: str = "", outcome: str = ANSWERED) -> None:
        labels, took = (CHAT, self.document.provider, self.document.id, error), now() - started
        self.metrics.operations.labels(*labels).observe(took)
        CURRENT.get().tried(self.rung, self.document.name, outcome, took)

    def _priced(self, usage: RequestUsage, span: Span) -> None:
        span.set_attribute("gen_ai.usage.input_tokens", usage.input_tokens)
        span.set_attribute("gen_ai.usage.output_tokens", usage.output_tokens)
        document, record = self.document, CURRENT.get()
        cost = document.prices.cost(usage.input_tokens, usage.output_tokens)
        record.spent(usage.input_tokens, usage.output_tokens, cost)
        usage.cost = Decimal(cost)  # by the document: pydantic-ai then looks up no price of its own
        self.metrics.tokens.labels(document.provider, document.id, "input").observe(usage.input_tokens)
        self.metrics.tokens.labels(document.provider, document.id, "output").observe(usage.output_tokens)
        self.metrics.cost.labels(record.agent, document.id).inc(cost)
