"""Judges what an endpoint answered: what cannot be used is an error, which leads to another try or rung."""

from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from pydantic_ai import RunContext
from pydantic_ai.exceptions import AgentRunError, ModelAPIError, UnexpectedModelBehavior, UserError
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponsePart, ToolCallPart
from pydantic_ai.models import ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings

from mooring.runtime.agent.layer import Layer
from mooring.runtime.agent.model_errors import MalformedCall, Unfit, nothing_said


class Judged(Layer):
    """The innermost wrapper of a model: refuses empty, cut off and malformed answers. A stream is judged at its end."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        with _readable():
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            judge(response, model_request_parameters)
        return replace(response, parts=with_own_ids(response.parts, messages))

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        with _readable():
            async with self.wrapped.request_stream(
                messages, model_settings, model_request_parameters, run_context
            ) as stream:
                yield stream
            judge(stream.get(), model_request_parameters)


def with_own_ids(parts: Sequence[ModelResponsePart], messages: Sequence[ModelMessage]) -> list[ModelResponsePart]:
    """The parts, in which a call of a tool without an id, or with one that was given before, gets a new one.

    Results are matched with calls by their ids, so a repeated id would end the run.
    """
    given = {part.tool_call_id for message in messages for part in message.parts if isinstance(part, ToolCallPart)}
    found: list[ModelResponsePart] = []
    for part in parts:
        if isinstance(part, ToolCallPart):
            if not part.tool_call_id or part.tool_call_id in given:
                part = replace(part, tool_call_id=f"call_{uuid4().hex}")
            given.add(part.tool_call_id)
        found.append(part)
    return found


def judge(response: ModelResponse, parameters: ModelRequestParameters) -> None:
    """Raises EmptyAnswer, MalformedCall or Unfit when a response cannot be used."""
    calls = [part for part in response.parts if isinstance(part, ToolCallPart)]
    if calls:
        known = {tool.name for tool in (*parameters.function_tools, *parameters.output_tools)}
        for call in calls:
            _judge_call(call, known, cut=response.finish_reason == "length")
    elif not (response.text or "").strip():
        raise nothing_said(response.finish_reason)


def _judge_call(call: ToolCallPart, known: set[str], cut: bool) -> None:
    try:
        call.args_as_dict(raise_if_invalid=True)
    except (ValueError, AssertionError) as error:
        if cut:
            raise Unfit("a tool call was cut off") from error
        raise MalformedCall("the arguments of a tool call are no JSON object") from error
    if call.tool_name not in known:
        raise MalformedCall("the model called a tool that there is not")


@contextmanager
def _readable() -> Generator[None]:
    """Turns the many exceptions for unreadable answers into one."""
    try:
        yield
    except (AgentRunError, UserError, TimeoutError) as error:
        # Of no particular kind is only a body that pydantic-ai cannot decode.
        if type(error) is not ModelAPIError:
            raise
        raise UnexpectedModelBehavior("the answer is not JSON") from error
    except Exception as error:
        raise UnexpectedModelBehavior(f"the answer cannot be read ({type(error).__name__})") from error
