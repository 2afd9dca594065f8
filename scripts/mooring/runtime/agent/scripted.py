"""A simulated model that says what a test case says it answers, instead of what the simulator's rules make of it."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from mooring.runtime.agent.context.tokens import texts
from mooring.runtime.agent.layer import Layer
from mooring.runtime.core.script import script
from mooring.spec.suite import ModelAnswer
from mooring.tokens import at_most


class Scripted(Layer):
    """Put around simulated models only, so that a real one can never be spoken for.

    A stream is passed on: nobody who has a script reads one.
    """

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        answer = script()
        part = _next(answer, messages) if answer else None
        if part is None:
            return await self.wrapped.request(messages, model_settings, model_request_parameters)
        response = ModelResponse(
            parts=[part],
            model_name=self.model_name,
            finish_reason="stop" if isinstance(part, TextPart) else "tool_call",
        )
        sent, said = (_tokens(told) for told in (messages, [response]))
        return replace(response, usage=RequestUsage(input_tokens=sent, output_tokens=said))


def _next(answer: ModelAnswer, messages: Sequence[ModelMessage]) -> TextPart | ToolCallPart | None:
    """The step after those that were made since the user's last message: the next call, else the text, if any."""
    made = 0
    for message in reversed(messages):
        if isinstance(message, ModelRequest) and any(isinstance(part, UserPromptPart) for part in message.parts):
            break
        made += sum(isinstance(part, ToolCallPart) for part in message.parts)
    if made < len(answer.calls):
        call = answer.calls[made]
        return ToolCallPart(call.tool, dict(call.args), f"call_{uuid4().hex}")
    return None if answer.text is None else TextPart(answer.text)


def _tokens(messages: Sequence[ModelMessage]) -> int:
    """An estimate, for the cost that the answer would have."""
    return round(sum(at_most(text) for message in messages for text in texts(message)))
