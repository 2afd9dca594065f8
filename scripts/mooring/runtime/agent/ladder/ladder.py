"""The degradation ladder of an agent: `Ladder[Rung(Breaker(Retry(Judged(Model)))) ..., prepared, apology]`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.ladder.rescue import Rescued
from mooring.runtime.agent.model_errors import worth_a_rung
from mooring.runtime.agent.retry import prime
from mooring.runtime.watch.telemetry import Metrics


class Ladder(FallbackModel):
    """All rungs of an agent, the best first: those that call a model, then the prepared ones; the last always answers.

    pydantic-ai lets a stream fall to the next model up to its first event; here it does so until its end.
    """

    def __init__(self, calling: Sequence[Model], prepared: Sequence[Model], metrics: Metrics) -> None:
        first, *others = calling
        super().__init__(first, *others, *prepared, fallback_on=_falls)
        self._calling, self._prepared, self._metrics = calling, prepared, metrics

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        stream = Rescued(
            self._calling,
            self._prepared,
            messages,
            model_settings,
            model_request_parameters,
            run_context,
            self._metrics,
        )
        try:
            await prime(stream, anext)
            yield stream
        finally:
            await stream.aclose()


def _falls(error: Exception) -> bool:
    return worth_a_rung(error)
