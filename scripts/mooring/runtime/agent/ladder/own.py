"""A rung with a prompt, tools and limits of its own: the conversation as its model is told it."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from jinja2 import UndefinedError
from pydantic_ai import RunContext
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    ModelResponsePart,
    TextPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.context.exchanges import Piece, pieces, together
from mooring.runtime.agent.judge import with_own_ids
from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import Unfit
from mooring.runtime.core.prompt import CompiledPrompt
from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.turn import as_messages


class Own(Layer):
    """Tells a rung's model its `own` prompt instead of the agent's, `main`, and only the tools that it may call.

    The run's own history stays as it is, and other rungs see it whole. Calls of tools that this model is not told of
    are told as text, with what they gave: vendors refuse calls of tools that a request does not list, and the
    templates of small models know no tools at all.
    """

    def __init__(
        self,
        wrapped: Model,
        main: CompiledPrompt,
        own: CompiledPrompt | None = None,
        tools: frozenset[str] | None = None,
        max_output_tokens: int | None = None,
    ) -> None:
        super().__init__(wrapped)
        self._main, self._own, self._tools, self._most = main, own, tools, max_output_tokens

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        told = self._told(messages)
        response = await self.wrapped.request(
            told, self._limited(model_settings), self._offered(model_request_parameters)
        )
        # An id of a call that was told as text is no news to this model, but it is to the run.
        return replace(response, parts=with_own_ids(response.parts, messages))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        settings, parameters = self._limited(model_settings), self._offered(model_request_parameters)
        async with self.wrapped.request_stream(self._told(messages), settings, parameters, run_context) as stream:
            yield stream

    def _limited(self, settings: ModelSettings | None) -> ModelSettings | None:
        return settings if self._most is None else {**(settings or {}), "max_tokens": self._most}

    def _offered(self, parameters: ModelRequestParameters) -> ModelRequestParameters:
        if self._tools is None:
            return parameters
        return replace(parameters, function_tools=[t for t in parameters.function_tools if t.name in self._tools])

    def _told(self, messages: list[ModelMessage]) -> list[ModelMessage]:
        """The messages for this model. Raises Unfit when its prompt needs what the request did not give."""
        turn = CURRENT.get().turn
        if self._own is not None and turn is not None:
            try:
                before, last = self._own.told(turn.message, turn.variables)
            except UndefinedError as error:
                raise Unfit("an input of the rung's prompt is missing") from error
            _, said = self._main.told(turn.message, turn.variables)
            messages = [*as_messages(before), *_asked(pieces(messages)[self._main.head :], said, last)]
        return messages if self._tools is None else as_text(messages, self._tools)


def _asked(body: list[Piece], said: str, instead: str) -> list[ModelMessage]:
    """The conversation, in which the question under way is put in other words."""
    for index in range(len(body) - 1, -1, -1):
        message = body[index].message
        if isinstance(message, ModelRequest) and any(_says(part, said) for part in message.parts):
            parts = [UserPromptPart(instead) if _says(part, said) else part for part in message.parts]
            body[index] = replace(body[index], message=replace(message, parts=parts))
            break
    return together(body)


def _says(part: ModelRequestPart, text: str) -> bool:
    return isinstance(part, UserPromptPart) and part.content == text


def as_text(messages: Sequence[ModelMessage], tools: frozenset[str]) -> list[ModelMessage]:
    """The messages, in which calls of other than these tools, and their results, are told in words.

    Results stay in the user's voice: they deserve no more trust than what a user says.
    """
    return [_response(m, tools) if isinstance(m, ModelResponse) else _request(m, tools) for m in messages]


def _response(message: ModelResponse, tools: frozenset[str]) -> ModelResponse:
    if all(part.tool_name in tools for part in message.parts if isinstance(part, ToolCallPart)):
        return message
    parts: list[ModelResponsePart] = [
        TextPart(f"[called {part.tool_name} with {part.args_as_json_str()}]")
        if isinstance(part, ToolCallPart) and part.tool_name not in tools
        else part
        for part in message.parts
    ]
    return replace(message, parts=parts)


def _request(message: ModelRequest, tools: frozenset[str]) -> ModelRequest:
    untold = [part for part in message.parts if isinstance(part, ToolReturnPart) and part.tool_name not in tools]
    if not untold:
        return message
    words = "\n".join(f"[{part.tool_name} gave: {part.model_response_str()}]" for part in untold)
    rest = [part for part in message.parts if part not in untold]
    returns: list[ModelRequestPart] = [part for part in rest if isinstance(part, ToolReturnPart)]
    others = [part for part in rest if not isinstance(part, ToolReturnPart)]
    return replace(message, parts=[*returns, UserPromptPart(words), *others])
