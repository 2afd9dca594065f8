"""Chat completions without work that is the same for every call, or that changes nothing.

The SDK walks each message and tool through its type hints to rename keys, which have their wire names already, and
prepares retries, idempotency and other ways to authenticate, none of which is used here; pydantic-ai rewrites the
schema of each tool. Together that was half of what a call costs the processor.
"""

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any, Literal
from uuid import uuid4

import httpx2
from openai import APIConnectionError, APIError, APITimeoutError, AsyncOpenAI, AsyncStream, NotGiven, Omit, not_given
from openai._streaming import ServerSentEvent
from openai.resources.chat.completions import AsyncCompletions
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.chat_completion import Choice as CompletionChoice
from openai.types.chat.chat_completion_chunk import Choice, ChoiceDelta
from pydantic import ValidationError
from pydantic_ai.exceptions import UnexpectedModelBehavior
from pydantic_ai.messages import ModelResponse
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.tools import ToolDefinition
from pydantic_core import to_json

PATH = "/chat/completions"


BROKEN = "error"
"""The `finish_reason` with which gateways say that the endpoint behind them failed in the middle of an answer."""


FINGERPRINT = "system_fingerprint"
"""What a provider calls the build of a model that answered: another one may answer differently."""


class WholeStream(AsyncStream[ChatCompletionChunk]):
    """Knows that `[DONE]` ends an answer: several gateways send no `finish_reason`, or an empty one.

    A stream that ends without either is cut off; pydantic-ai refuses it for want of a reason.
    """

    _done = False

    async def _iter_events(self) -> AsyncIterator[ServerSentEvent]:
        async for event in super()._iter_events():
            self._done = self._done or event.data.startswith("[DONE]")
            yield event

    async def __stream__(self) -> AsyncIterator[ChatCompletionChunk]:
        reason, calls, last = "", False, None
        async for chunk in super().__stream__():
            for choice in chunk.choices or ():
                reason = choice.finish_reason or reason
                delta: Any = choice.delta  # None from some gateways
                calls = calls or bool(delta and delta.tool_calls)
                last = chunk
            if reason == BROKEN:
                raise APIError("the endpoint failed in the middle of its answer", self.response.request, body=None)
            yield chunk
        if self._done and not reason and last is not None:
            choice = Choice(index=0, delta=ChoiceDelta(), finish_reason="tool_calls" if calls else "stop")
            yield last.model_copy(update={"choices": [choice], "usage": None})


class AsWritten(AsyncCompletions):
    """Sends its arguments as they are: https://platform.openai.com/docs/api-reference/chat/create."""

    def __init__(self, sdk: AsyncOpenAI) -> None:
        super().__init__(sdk)
        self._http: httpx2.AsyncClient = sdk._client
        self._url = httpx2.URL(f"{str(sdk.base_url).rstrip('/')}{PATH}")
        own = {name: value for name, value in sdk.default_headers.items() if isinstance(value, str)}
        self._headers = httpx2.Headers(self._http.headers)
        self._headers.update({**own, **sdk.auth_headers})

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
        body |= {"stream": stream, **(extra_body if isinstance(extra_body, Mapping) else {})}
        # Not by identity: pydantic-ai says NOT_GIVEN, which is another object than the SDK's own default.
        limit = self._client.timeout if isinstance(timeout, NotGiven) else timeout
        request = self._request(body, extra_headers or {}, limit)
        response = await self._sent(request, stream)
        if stream:
            return WholeStream(cast_to=ChatCompletionChunk, response=response, client=self._client)
        try:
            data = response.json()
        except ValueError:
            return response.text  # type: ignore[return-value]  # as the SDK does; pydantic-ai refuses it
        try:
            return ChatCompletion.model_validate(data)
        except ValidationError:  # the SDK takes it as it is, by a walk through type hints; pydantic-ai judges it
            return self._client._process_response_data(data=data, cast_to=ChatCompletion, response=response)

    def _request(
        self, body: Mapping[str, Any], more: Mapping[str, str | Omit], timeout: float | httpx2.Timeout | None
    ) -> httpx2.Request:
        headers = self._headers.copy()
        headers.update({name: value for name, value in more.items() if isinstance(value, str)})
        limits = httpx2.Timeout(timeout).as_dict()
        return httpx2.Request("POST", self._url, headers=headers, content=to_json(body), extensions={"timeout": limits})

    async def _sent(self, request: httpx2.Request, stream: bool) -> httpx2.Response:
        try:
            response = await self._http.send(request, stream=stream)
        except httpx2.TimeoutException as error:
            raise APITimeoutError(request=request) from error
        except httpx2.RequestError as error:
            raise APIConnectionError(request=request) from error
        if not response.is_success:
            await response.aread()
            raise self._client._make_status_error_from_response(response)
        return response


def as_written(sdk: AsyncOpenAI) -> AsyncOpenAI:
    """The same client, whose chat completions are sent as they are."""
    vars(sdk.chat)["completions"] = AsWritten(sdk)  # where the SDK caches its own
    return sdk


class ChatModel(OpenAIChatModel):
    """Knows the tools it has seen: a release's tools are the same for every request."""

    def _missing_finish_reason(self, choice: CompletionChoice) -> Literal["stop", "tool_calls"]:
        message: Any = choice.message  # None from some gateways
        return "tool_calls" if message and message.tool_calls else "stop"

    def _process_response(self, response: ChatCompletion | str, **options: bool) -> ModelResponse:
        choices: Any = response.choices if isinstance(response, ChatCompletion) else ()
        for choice in choices or ():
            if choice.finish_reason == BROKEN:
                raise UnexpectedModelBehavior("the endpoint failed in the middle of its answer")
            choice.finish_reason = choice.finish_reason or None  # pydantic-ai takes none at all for missing, and not ""
            for call in (choice.message and choice.message.tool_calls) or ():
                call.id = call.id or f"call_{uuid4().hex}"
        made = super()._process_response(response, **options)
        if isinstance(response, ChatCompletion) and response.system_fingerprint:
            made.provider_details = {**(made.provider_details or {}), FINGERPRINT: response.system_fingerprint}
        return made

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
