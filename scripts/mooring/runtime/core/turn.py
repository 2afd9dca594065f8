"""One turn of a conversation: what is asked, what came before, and what is answered."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelRequestPart,
    ModelResponse,
    SystemPromptPart,
    TextPart,
    ToolCallPart,
    UserPromptPart,
)

from mooring.runtime.core.prompt import Text


@dataclass(frozen=True)
class Turn:
    """The user's last message, what came before it, and inputs of the prompt that a request may fill.

    What came before is `history` as the client tells it, or `past` as the server remembers the `conversation`.
    `after` is the run whose turn this one follows, "" for whatever is the newest.
    """

    message: str
    history: tuple[Text, ...] = ()
    variables: Mapping[str, Any] = field(default_factory=dict)
    conversation: str | None = None
    after: str = ""
    past: tuple[ModelMessage, ...] = ()


@dataclass(frozen=True)
class Approval:
    """A call of a tool that waits until a person approves it."""

    id: str
    tool: str
    arguments: dict[str, Any]

    @classmethod
    def of(cls, call: ToolCallPart) -> "Approval":
        """The approval that a model's call asks for."""
        return cls(call.tool_call_id, call.tool_name, call.args_as_dict())


@dataclass(frozen=True)
class Answer:
    """The result of a run: a text, or the approvals it waits for. `finish` is OpenAI's `finish_reason`."""

    text: str
    finish: str
    messages: tuple[ModelMessage, ...] = ()
    approvals: tuple[Approval, ...] = ()


def as_messages(texts: Iterable[Text]) -> list[ModelMessage]:
    """Messages as pydantic-ai keeps them: what is not from the assistant is a request, in one piece."""
    messages: list[ModelMessage] = []
    for role, text in texts:
        if role == "assistant":
            messages.append(ModelResponse(parts=[TextPart(text)]))
            continue
        part: ModelRequestPart = SystemPromptPart(text) if role == "system" else UserPromptPart(text)
        last = messages[-1] if messages else None
        if isinstance(last, ModelRequest):
            messages[-1] = ModelRequest(parts=[*last.parts, part])
        else:
            messages.append(ModelRequest(parts=[part]))
    return messages
