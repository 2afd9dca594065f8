"""Chat completions without work that is the same for every call, or that changes nothing.

The SDK walks each message and tool through its type hints to rename keys, which have their wire names already, and
pydantic-ai rewrites the schema of each tool. Together that was a third of what a call costs the processor.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
from openai import AsyncOpenAI, AsyncStream, NotGiven, Omit, not_given
from openai._base_client import make_request_options
from openai.resources.chat.completions import AsyncCompletions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.tools import ToolDefinition

PATH = "/chat/completions"


class AsWritten(AsyncCompletions):
    """Sends its arguments as they are: https://platform.openai.com/docs/api-reference/chat/create."""

    async def create(  # type: ignore[override]  # the names of the body are pydantic-ai's to choose
        self,
        *,
        stream: bool = False,
        timeout: float | httpx2.Timeout | NotGiven | None = not_given,
        extra_headers: Mapping[str, str | Omit] | None = None,
        extra_body: object | None = None,
        **given: Any,
    ) -> ChatCompletion | AsyncStream[ChatCompletionChunk]:
        """Raises what the SDK raises."""
        body = {name: value for name, value in given.items() if not isinstance(value, Omit | NotGiven)}
        options = make_request_options(
            extra_headers=extra_headers, extra_body=extra_body, timeout=timeout, security={"bearer_auth": True}
        )
        body["stream"] = stream
        return await self._post(
            PATH,
            body=body,
            options=options,
            cast_to=ChatCompletion,
            stream=stream,
            stream_cls=AsyncStream[ChatCompletionChunk],
        )


def as_written(sdk: AsyncOpenAI) -> AsyncOpenAI:
    """The same client, whose chat completions are sent as they are."""
    vars(sdk.chat)["completions"] = AsWritten(sdk)  # where the SDK caches its own
    return sdk


class ChatModel(OpenAIChatModel):
    """Knows the tools it has seen: a release's tools are the same for every request."""

    def customize_request_parameters(self, model_request_parameters: ModelRequestParameters) -> ModelRequestParameters:
        tools = model_request_parameters.function_tools
        known = self.__dict__.setdefault("_known", {})
        if all(tool.name in known and known[tool.name][0] == tool for tool in tools):
            rest = super().customize_request_parameters(replace(model_request_parameters, function_tools=[]))
            return replace(rest, function_tools=[known[tool.name][1] for tool in tools])
        made = super().customize_request_parameters(model_request_parameters)
        pairs: list[tuple[ToolDefinition, ToolDefinition]] = list(zip(tools, made.function_tools, strict=True))
        known.update((before.name, (before, after)) for before, after in pairs)
        return made
