"""A rung's model with its window: what is sent to it fits, and is made to fit when the endpoint says it did not.

Trimming happens here, rung by rung, since each rung has a window of its own: a conversation that is cut for a
small model is whole again for the next, and the run's own history is never cut at all.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelAPIError, ModelContextWindowExceededError, ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from mooring import spec
from mooring.runtime.agent.context.fit import NOTE, Fitted, fit
from mooring.runtime.agent.context.summary import TOKENS, Summariser
from mooring.runtime.agent.context.tokens import Tokens
from mooring.runtime.agent.layer import Layer
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.record import CURRENT
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.resilience import Context

T = TypeVar("T")
Call = Callable[[list[ModelMessage]], Awaitable[T]]

_SAYS_TOO_LONG = (
    "context_length_exceeded",
    "maximum context length",
    "prompt is too long",
    "context window",
    "exceed_context_size",  # llama.cpp: `exceed_context_size_error`
)


class ContextTooLong(ModelAPIError):
    """A rung's endpoint finds the conversation too long, however hard it was trimmed: the next rung may not."""

    def __init__(self, model_name: str) -> None:
        super().__init__(model_name, "the conversation is too long for the model")


def too_long(error: Exception) -> bool:
    """Whether an endpoint refused a request for its length, in whatever words."""
    if isinstance(error, ModelContextWindowExceededError):
        return True
    if not isinstance(error, ModelHTTPError) or error.status_code not in (400, 413, 422):
        return False
    words = str(error.body).lower()
    return any(word in words for word in _SAYS_TOO_LONG)


class Window(Layer):
    """`head` is how many messages at the start are the prompt's own, and always sent."""

    def __init__(
        self,
        wrapped: Model,
        document: spec.Model,
        policy: Context,
        head: int,
        tokens: Tokens,
        metrics: Metrics,
        summariser: Summariser | None = None,
    ) -> None:
        super().__init__(wrapped)
        self.document, self.policy, self.head = document, policy, head
        self.tokens, self.metrics, self.summariser = tokens, metrics, summariser

    def prepare_messages(
        self, messages: list[ModelMessage], model_request_parameters: ModelRequestParameters | None = None
    ) -> list[ModelMessage]:
        """Leaves that for later: a vendor's form hides which message is the user's own."""
        return messages

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        async def call(sent: list[ModelMessage]) -> ModelResponse:
            prepared = self.wrapped.prepare_messages(sent, model_request_parameters)
            response = await self.wrapped.request(prepared, model_settings, model_request_parameters)
            self._learn(sent, model_request_parameters, response.usage)
            return response

        return await self._sent(messages, model_request_parameters, call)

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncGenerator[StreamedResponse]:
        sent = messages
        async with AsyncExitStack() as stack:

            async def call(fitting: list[ModelMessage]) -> StreamedResponse:
                nonlocal sent
                sent = fitting
                prepared = self.wrapped.prepare_messages(fitting, model_request_parameters)
                return await stack.enter_async_context(
                    self.wrapped.request_stream(prepared, model_settings, model_request_parameters, run_context)
                )

            stream = await self._sent(messages, model_request_parameters, call)
            yield stream
            self._learn(sent, model_request_parameters, stream.usage)

    async def _sent(self, messages: list[ModelMessage], parameters: ModelRequestParameters, call: Call[T]) -> T:
        """Sends what fits; when the endpoint still finds it too long, once more with half the room."""
        budget = self._budget(messages, parameters)
        sent = await self._fitting(messages, budget)
        try:
            return await call(sent)
        except ModelAPIError as error:
            if not too_long(error):
                raise
            cause = error
        self.tokens.refused(self.document.id, self.tokens.sent(sent, parameters), self.document.context_window)
        self._note("rescued")
        try:
            return await call(await self._fitting(messages, min(budget, self._count_all(sent)) // 2))
        except ModelAPIError as error:
            if not too_long(error):
                raise
            raise ContextTooLong(self.model_name) from cause

    def _budget(self, messages: Sequence[ModelMessage], parameters: ModelRequestParameters) -> int:
        """Tokens available for messages; records how full the window would be with all of them."""
        window, record = self.document.context_window, CURRENT.get()
        beside = self.tokens.of_tools(self.document.id, parameters) + self.document.options.max_output_tokens
        ratio = (self._count_all(messages) + beside) / window
        record.context_ratio = max(record.context_ratio, round(ratio, 4))
        if not record.probe:
            self.metrics.context.labels(record.agent, self.document.id).observe(ratio)
        if ratio >= self.policy.warn_ratio:
            facts = {"run": record.run, "agent": record.agent, "model": self.document.id, "ratio": round(ratio, 3)}
            LOGGER.warning("context nearly full" if ratio <= 1 else "context over full", extra=facts)
        return max(0, window - beside)

    async def _fitting(self, messages: list[ModelMessage], budget: int) -> list[ModelMessage]:
        if self._count_all(messages) <= budget:
            return messages
        # Below the warning, not just below the limit: or the very next message trims again.
        target = int(budget * self.policy.warn_ratio)
        summariser = self.summariser if self.policy.strategy == "summarise-middle" else None
        room = NOTE + (TOKENS if summariser else 0)
        fitted = fit(messages, target, self.policy, self._count, self.head, min(room, target // 2))
        if not fitted.dropped:
            return fitted.messages
        summary = await summariser.summary(fitted.dropped) if summariser else None
        self._note("summarised" if summary else "trimmed")
        return fitted.noted(_words(fitted, summary))

    def _count(self, message: ModelMessage) -> int:
        return self.tokens.of(self.document.id, message)

    def _count_all(self, messages: Sequence[ModelMessage]) -> int:
        return sum(map(self._count, messages))

    def _learn(self, sent: Sequence[ModelMessage], parameters: ModelRequestParameters, usage: RequestUsage) -> None:
        self.tokens.learn(self.document.id, self.tokens.sent(sent, parameters), usage.input_tokens)

    def _note(self, how: str) -> None:
        record = CURRENT.get()
        self.metrics.trims.labels(record.agent, self.document.id, how).inc()
        LOGGER.info("context trimmed", extra={"run": record.run, "model": self.document.id, "how": how})


def _words(fitted: Fitted, summary: str | None) -> str:
    left_out = f"{len(fitted.dropped)} earlier messages are left out here"
    return f"[{left_out}; a machine's summary of them:]\n{summary}" if summary else f"[{left_out}.]"
