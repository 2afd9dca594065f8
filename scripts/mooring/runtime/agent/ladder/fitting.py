"""Holds a rung's answers to the agent's output contract."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from jsonschema.protocols import Validator
from pydantic_ai import RunContext
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, RetryFeedbackPart, RetryInfo
from pydantic_ai.models import CompletedStreamedResponse, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.ladder.rung import Rung
from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import Unfit
from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.shape import broken
from mooring.simulated import OUTPUT


def misfit(schema: Validator, text: str) -> str:
    """What is wrong with a text that ought to be JSON that fits, or "". The words may quote the text."""
    try:
        return broken(schema, json.loads(text))
    except ValueError as error:
        return f"it is not JSON ({error})"


class Fitting(Layer):
    """A rung whose answers must be JSON that fits a schema: one repair on the same rung, then the next rung.

    A cut off answer is not repaired, since it would be cut off again. Nothing is streamed before it is known to fit.
    """

    def __init__(self, wrapped: Rung, schema: Validator) -> None:
        super().__init__(wrapped)
        self.rung, self.simulated = wrapped.rung, wrapped.simulated
        self._name, self._schema = wrapped.document.name, schema

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        if self.simulated:  # it has no prompt to go by
            model_settings = {**(model_settings or {}), "extra_body": {OUTPUT: self._schema.schema}}
        first = await self.wrapped.request(messages, model_settings, model_request_parameters)
        if not (wrong := self._wrong(first)):
            return first
        if first.finish_reason == "length":
            raise self._unfit("the answer was cut off")
        words = f"Answer with JSON alone that fits the schema: {wrong}"
        repair = RetryFeedbackPart(words, retry=RetryInfo(cause="model_retry"))
        asked = [*messages, first, ModelRequest(parts=[repair])]
        second = await self.wrapped.request(asked, model_settings, model_request_parameters)
        if self._wrong(second):
            raise self._unfit("the answer does not fit the schema")
        return replace(second, usage=first.usage + second.usage)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        response = await self.request(messages, model_settings, model_request_parameters)
        yield CompletedStreamedResponse(response, model_request_parameters=model_request_parameters, replay_events=True)

    def _unfit(self, why: str) -> Unfit:
        """The error, noted as a try of its own: the rung itself has answered."""
        CURRENT.get().tried(self.rung, self._name, f"unfit: {why}", 0.0)
        return Unfit(why)

    def _wrong(self, response: ModelResponse) -> str:
        return "" if response.tool_calls else misfit(self._schema, response.text or "")
