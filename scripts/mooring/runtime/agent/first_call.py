"""The first model call of a run, made before pydantic-ai's agent loop is entered: most runs end with its answer.

The loop costs the processor more than all else in a run together: its graph has a task for each node, and each hook of
each capability a context of its own. A run that needs it, since the model calls tools or says nothing of use, enters it
with the answer in hand, and goes on as if the loop itself had asked.
"""

from collections.abc import Sequence
from contextvars import ContextVar
from datetime import UTC, datetime

from pydantic_ai import RunContext
from pydantic_ai.capabilities import AbstractCapability
from pydantic_ai.capabilities.abstract import CapabilityOrdering, WrapModelRequestHandler
from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    TextPart,
    UserPromptPart,
    repair_messages,
)
from pydantic_ai.models import Model, ModelRequestContext, ModelRequestParameters

from mooring.runtime.agent.tools.tool import BoundTool
from mooring.runtime.memory.durable.checkpoints import model_step

GIVEN: ContextVar[list[ModelResponse] | None] = ContextVar("mooring_given", default=None)
"""The answer with which the agent loop is entered, until it has taken that."""


class Given(AbstractCapability[None]):
    """Gives the agent loop the answer that there is already; later calls it makes itself."""

    def get_ordering(self) -> CapabilityOrdering:
        return CapabilityOrdering(position="outermost")

    async def wrap_model_request(
        self, ctx: RunContext[None], *, request_context: ModelRequestContext, handler: WrapModelRequestHandler
    ) -> ModelResponse:
        given = GIVEN.get()
        return given.pop() if given else await handler(request_context)


class FirstCall:
    """Asks a model what the agent loop would ask it first."""

    def __init__(self, model: Model, tools: Sequence[BoundTool]) -> None:
        self._model = model
        self._parameters = ModelRequestParameters(function_tools=[tool.tool().tool_def for tool in tools])

    async def answer(
        self, prompt: str, history: Sequence[ModelMessage]
    ) -> tuple[tuple[ModelMessage, ...], ModelResponse]:
        """All messages of the run so far, and the last of them. Raises what the model raises."""
        before = repair_messages(history, repair_last_response=False)
        request = ModelRequest(parts=[UserPromptPart(prompt)], timestamp=datetime.now(UTC))
        messages = repair_messages([*before, request])
        response = await model_step(lambda: self._model.request(messages, None, self._parameters))
        return (*before, request, response), response


def can_begin(history: Sequence[ModelMessage]) -> bool:
    """Whether a question may follow: the agent loop decides what becomes of tools that were called and not answered."""
    match history[-1] if history else None:
        case ModelResponse(state=state, tool_calls=calls):
            return state == "complete" and not calls
        case ModelRequest(state=state):
            return state == "complete"
    return True


def final(response: ModelResponse) -> str | None:
    """The text of an answer that ends a run; None when the agent loop has more to do."""
    if response.state != "complete" or response.finish_reason not in (None, "stop"):
        return None
    texts = [part.content for part in response.parts if isinstance(part, TextPart)]
    return "".join(texts) or None if len(texts) == len(response.parts) else None
