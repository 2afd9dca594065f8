"""The body of a request for a response, and what is asked by it.

Source: https://platform.openai.com/docs/api-reference/responses/create
"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.body import MESSAGES, ChatMessage, TextContent, turn

_TEXTS = ("input_text", "output_text", "text")
_REASONS = {
    "function_call": "the agent calls its tools by itself: a client's calls are not taken",
    "function_call_output": "the agent calls its tools by itself: a client's results are not taken",
    "item_reference": "items are not looked up: continue with previous_response_id or conversation",
    "reasoning": "what a model thought is not taken from a client",
    "input_image": "agents read text, and no images",
    "input_file": "agents read text, and no files",
    "input_audio": "agents read text, and no sound",
}


class Item(BaseModel):
    """A message of the input; `type` may be left out."""

    type: str = "message"
    role: str = ""
    content: str | list[TextContent] = ""

    def message(self, param: str) -> ChatMessage:
        """The same as a chat has it. Raises Problem when it is no message, or not of text."""
        if self.type != "message":
            raise _unsupported(self.type, f"{param}.type")
        if isinstance(self.content, str):
            return ChatMessage(role=self.role, content=self.content)
        for index, piece in enumerate(self.content):
            if piece.type not in _TEXTS:
                raise _unsupported(piece.type, f"{param}.content[{index}].type")
        return ChatMessage(role=self.role, content="".join(piece.text for piece in self.content))


class Named(BaseModel):
    """A conversation by its id."""

    id: str


Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=512)]


class ResponseBody(BaseModel):
    """A request for a response. Sampling parameters are accepted and not used: the release decides them."""

    model: str
    input: str | Annotated[list[Item], Field(min_length=1, max_length=MESSAGES)]
    stream: bool | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    conversation: str | Named | None = None
    metadata: Annotated[dict[Key, Value], Field(max_length=16)] | None = None
    instructions: Any = None
    tools: list[Any] | None = None
    tool_choice: Any = None
    max_tool_calls: int | None = None
    text: dict[str, Any] | None = None
    prompt: Any = None
    truncation: str | None = None
    context_management: Any = None
    top_logprobs: int | None = None
    include: list[str] | None = None
    n: int | None = None
    stop: Any = None
    modalities: list[str] | None = None
    audio: Any = None

    @property
    def stored(self) -> bool:
        """Whether the response can be asked for later, which is so unless a client says no."""
        return self.store is not False

    @property
    def named(self) -> str | None:
        """The conversation that it names."""
        return self.conversation.id if isinstance(self.conversation, Named) else self.conversation

    def turn(self) -> Turn:
        """What is asked, whatever was said before. Raises Problem when it asks for what an agent does not do."""
        self._refuse_unsupported()
        self._refuse_contradictions()
        if isinstance(self.input, str):
            return turn([ChatMessage(role="user", content=self.input)], "input")
        asked = turn([item.message(f"input[{index}]") for index, item in enumerate(self.input)], "input")
        if asked.history and (self.previous_response_id or self.named):
            raise Problem("invalid_request", "send the new message alone: the conversation has the others", "input")
        return asked

    def _refuse_unsupported(self) -> None:
        wanted = {
            "instructions": bool(self.instructions),
            "tools": bool(self.tools),
            "tool_choice": self.tool_choice not in (None, "none", "auto"),
            "max_tool_calls": self.max_tool_calls is not None,
            "text.format": (self.text or {}).get("format", {"type": "text"}) != {"type": "text"},
            "prompt": self.prompt is not None,
            "truncation": self.truncation not in (None, "disabled"),
            "context_management": bool(self.context_management),
            "top_logprobs": bool(self.top_logprobs),
            "include": "message.output_text.logprobs" in (self.include or []),
            "n": self.n not in (None, 1),
            "stop": bool(self.stop),
            "modalities": self.modalities not in (None, ["text"]),
            "audio": self.audio is not None,
        }
        for name, asked in wanted.items():
            if asked:
                raise Problem("unsupported_parameter", f"{name} is the release's to decide, not a request's", name)

    def _refuse_contradictions(self) -> None:
        if self.previous_response_id and self.conversation:
            words = "name the conversation or its last response, not both"
            raise Problem("invalid_request", words, "previous_response_id")
        if self.stored:
            return
        if self.background:
            raise Problem("invalid_request", "a response in the background is stored: nobody waits for it", "store")
        if self.previous_response_id or self.conversation:
            raise Problem("invalid_request", "what goes on with a conversation is stored in it", "store")


def items(turn: Turn) -> list[Text]:
    """The messages of an input, as they are kept with the response."""
    return [*turn.history, ("user", turn.message)]


def _unsupported(kind: str, param: str) -> Problem:
    reason = _REASONS.get(kind, f"content of type {kind[:40]!r} is not understood")
    return Problem("unsupported_content", reason, param)
