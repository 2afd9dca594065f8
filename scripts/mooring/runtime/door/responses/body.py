"""The body of a request for a response, and what is asked by it.

Source: https://platform.openai.com/docs/api-reference/responses/create
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.body import MESSAGES, ChatMessage, User, Words, one_of, turn
from mooring.runtime.door.sent import OnlyAs, Sent, refuse_unsupported

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


class Piece(Sent):
    """A piece of a message: what was asked, or answered."""

    type: Annotated[str, one_of(*_TEXTS)]
    text: str = ""


class Item(Sent):
    """A message of the input; `type` may be left out."""

    type: Annotated[str, one_of("message")] = "message"
    role: Annotated[str, one_of("user", "assistant")] = ""
    content: Words | list[Piece] = ""

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


class Named(Sent):
    """A conversation by its id."""

    id: str


Key = Annotated[str, StringConstraints(max_length=64)]
Value = Annotated[str, StringConstraints(max_length=512)]


class TextOptions(Sent):
    """How the text is to be."""

    format: Annotated[dict[str, Any] | None, OnlyAs(({"type": "text"},))] = None


class ResponseBody(Sent):
    """A request for a response. Sampling parameters are accepted and not used: the release decides them."""

    model: str
    input: Words | Annotated[list[Item], Field(min_length=1, max_length=MESSAGES)]
    stream: bool | None = None
    background: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    conversation: str | Named | None = None
    metadata: Annotated[dict[Key, Value], Field(max_length=16)] | None = None
    user: User = None
    text: TextOptions | None = None
    include: list[str] | None = None
    instructions: Annotated[Any, OnlyAs(("",))] = None
    tools: Annotated[list[Any] | None, OnlyAs(([],))] = None
    tool_choice: Annotated[Any, OnlyAs(("none", "auto"))] = None
    max_tool_calls: Annotated[int | None, OnlyAs()] = None
    prompt: Annotated[Any, OnlyAs()] = None
    truncation: Annotated[str | None, OnlyAs(("disabled",))] = None
    context_management: Annotated[Any, OnlyAs(([],))] = None
    top_logprobs: Annotated[int | None, OnlyAs((0,))] = None
    n: Annotated[int | None, OnlyAs((1,))] = None
    stop: Annotated[Any, OnlyAs(("", []))] = None
    modalities: Annotated[list[str] | None, OnlyAs((["text"],))] = None
    audio: Annotated[Any, OnlyAs()] = None

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
        refuse_unsupported(self)
        if "message.output_text.logprobs" in (self.include or []):
            raise Problem("unsupported_parameter", "probabilities of words are not told", "include")
        self._refuse_contradictions()
        if isinstance(self.input, str):
            return turn([ChatMessage(role="user", content=self.input)], "input")
        asked = turn([item.message(f"input[{index}]") for index, item in enumerate(self.input)], "input")
        if asked.history and (self.previous_response_id or self.named):
            raise Problem("invalid_request", "send the new message alone: the conversation has the others", "input")
        return asked

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
