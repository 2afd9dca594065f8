"""The degradation ladder of an agent: `Ladder[Rung(Window(Breaker(Retry(Model)))) ..., prepared, apology]`."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.ladder.fitting import Fitting
from mooring.runtime.agent.ladder.hedging import Hedging
from mooring.runtime.agent.ladder.race import Race
from mooring.runtime.agent.ladder.rescue import Rescued
from mooring.runtime.agent.ladder.rung import Rung
from mooring.runtime.agent.model_errors import worth_a_rung
from mooring.runtime.agent.retry import prime
from mooring.runtime.watch.telemetry import Metrics


class Ladder(FallbackModel):
    """All rungs of an agent, the best first: those that call a model, then the prepared ones; the last always answers.

    pydantic-ai lets a stream fall to the next model up to its first event; here it does so until its end.
    """

    def __init__(
        self,
        calling: Sequence[Rung | Fitting],
        prepared: Sequence[Model],
        metrics: Metrics,
        hedging: Hedging | None = None,
    ) -> None:
        first, *others = calling
        super().__init__(first, *others, *prepared, fallback_on=_falls)
        self._calling, self._prepared, self._metrics = calling, prepared, metrics
        self._hedging = hedging if others else None

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        async with self._racing(streamed=False) as calling:
            chain = copy(self)
            chain.models = [*calling, *self._prepared]
            return await super(Ladder, chain).request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        async with self._racing(streamed=True) as calling:
            stream = Rescued(
                calling,
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

    @asynccontextmanager
    async def _racing(self, streamed: bool) -> AsyncGenerator[Sequence[Model]]:
        """The rungs that call a model, so that they may run beside each other in one model call."""
        if self._hedging is None:
            yield self._calling
            return
        race = Race(self._calling, self._hedging, self._metrics, streamed)
        try:
            yield race.entrants
        finally:
            await race.close()


def _falls(error: Exception) -> bool:
    return worth_a_rung(error)
