"""Stops calling a model that keeps failing, and finds out with a single call whether it is back."""

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from purgatory.domain.model import Context, OpenedState
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings

from mooring.runtime.faults import BreakerOpen, Health, health_after
from mooring.runtime.telemetry import Metrics
from mooring.spec.resilience import Breaker as Policy


class Breaker(WrapperModel):
    """Opens after `policy.consecutive_failures` failures in a row; one failure is a rung whose tries all failed.

    purgatory keeps the state. It lets every waiting call through when half open, and takes an excluded error
    for a success; so the single probe and the choice of what counts are made here.
    """

    def __init__(self, wrapped: Model, policy: Policy, metrics: Metrics) -> None:
        super().__init__(wrapped)
        self._circuit = Context(self.model_name, policy.consecutive_failures, policy.open_seconds)
        self._probing = False
        self._gauge = metrics.breakers.labels(self.model_name)

    @property
    def state(self) -> str:
        """`closed`, `opened` or `half-opened`."""
        return self._circuit.state

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with self._guarded():
            return await self.wrapped.request(messages, model_settings, model_request_parameters)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        with self._guarded():
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                yield stream

    @contextmanager
    def _guarded(self) -> Generator[None]:
        probe = self._enter()
        try:
            yield
        except BaseException as error:
            self._note(health_after(error), error)
            raise
        else:
            self._note(Health.WELL)
        finally:
            if probe:
                self._probing = False

    def _enter(self) -> bool:
        """Lets a call in and says whether it is the probe. There is no await in here: nobody comes between."""
        if self.state == "closed":
            return False
        if self._probing:
            raise BreakerOpen(self.model_name)
        try:
            self._circuit.handle_new_request()
        except OpenedState as error:
            raise BreakerOpen(self.model_name) from error
        self._probing = True
        return True

    def _note(self, health: Health, error: BaseException | None = None) -> None:
        if health is Health.ILL and error is not None:
            self._circuit.handle_exception(error)
        elif health is Health.WELL:
            self._circuit.handle_end_request()
        self._circuit.messages.clear()
        self._gauge.set(self.state != "closed")
