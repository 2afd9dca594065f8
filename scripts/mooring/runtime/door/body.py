"""Bodies of requests to agents, and what is asked by them."""

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, JsonValue, WithJsonSchema

from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.sent import OnlyAs, Sent, refuse_unsupported
from mooring.runtime.memory.conversations.name import named

MESSAGES = 2048
"""Messages of a conversation that a request may hold."""


def one_of(*values: str) -> WithJsonSchema:
    """Describes a text that must be one of these; what else is sent is refused with a reason of its own."""
    return WithJsonSchema({"type": "string", "enum": list(values)})


Words = Annotated[str, WithJsonSchema({"type": "string", "pattern": r"\S"})]
"""A text that says something."""


class TextContent(Sent):
    """A piece of a message; only text is understood."""

    type: Annotated[str, one_of("text")]
    text: str = ""


User = Annotated[
    str | None, Field(description="Which user the request is for: what agents remember is remembered of this one.")
]
"""Said by a key's holder; a token is of one user, whatever is said."""


class ChatMessage(Sent):
    """A message as OpenAI clients send it."""

    role: Annotated[str, one_of("user", "assistant")]
    content: Words | list[TextContent] | None = None

    def text(self, param: str) -> str:
        """Its text. Raises Problem for images, sound, files and nothing at all."""
        pieces = [TextContent(type="text", text=self.content)] if isinstance(self.content, str) else self.content
        for piece in pieces or []:
            if piece.type != "text":
                raise Problem("unsupported_content", f"content of type {piece.type[:40]!r} is not understood", param)
        text = "".join(piece.text for piece in pieces or [])
        if not text.strip():
            raise Problem("invalid_request", "the message has no text", param)
        return text


class StreamOptions(Sent):
    """How to stream. `include_tools` is ours: chunks without text that say when a call of a tool begins and ends."""

    include_usage: bool = False
    include_tools: bool = False


class Metadata(Sent):
    """What a request says of itself; other keys are the client's own."""

    conversation: str | None = None


class ChatBody(Sent):
    """A chat completion request. Sampling parameters are accepted and not used: the release decides them."""

    model: str
    messages: list[ChatMessage] = Field(min_length=1, max_length=MESSAGES)
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Metadata | None = None
    user: User = None
    n: Annotated[int | None, OnlyAs((1,))] = None
    tools: Annotated[list[Any] | None, OnlyAs(([],))] = None
    functions: Annotated[list[Any] | None, OnlyAs(([],))] = None
    tool_choice: Annotated[Any, OnlyAs(("none", "auto"))] = None
    function_call: Annotated[Any, OnlyAs(("none", "auto"))] = None
    logprobs: Annotated[bool | None, OnlyAs((False,))] = None
    logit_bias: Annotated[dict[str, Any] | None, OnlyAs(({},))] = None
    modalities: Annotated[list[str] | None, OnlyAs((["text"],))] = None
    audio: Annotated[Any, OnlyAs()] = None
    response_format: Annotated[dict[str, Any] | None, OnlyAs(({"type": "text"},))] = None
    stop: Annotated[Any, OnlyAs(("", []))] = None

    def turn(self) -> Turn:
        """What is asked. Raises Problem when it asks for what an agent does not do."""
        refuse_unsupported(self)
        return remembered(turn(self.messages, "messages"), self.metadata.conversation if self.metadata else None)


class RunBody(Sent):
    """A request for a run. `variables` fill inputs of the prompt that are declared `x-untrusted`."""

    message: str = Field(min_length=1)
    variables: dict[str, JsonValue] = Field(default_factory=dict)
    history: list[ChatMessage] = Field(default_factory=list, max_length=MESSAGES)
    conversation: str | None = None
    user: User = None

    def turn(self) -> Turn:
        """What is asked. Raises Problem."""
        texts = tuple(_said(message, f"history[{i}]") for i, message in enumerate(self.history))
        return remembered(Turn(self.message, texts, self.variables), self.conversation)


class Decision(Sent):
    """What a person says when approving or denying; `message` is told to the agent when it is a denial."""

    message: str = Field(default="", max_length=2000)


def turn(messages: list[ChatMessage], param: str) -> Turn:
    """The last message is what is asked, and those before it are the conversation. Raises Problem."""
    texts = [_said(message, f"{param}[{i}]") for i, message in enumerate(messages)]
    role, last = texts[-1]
    if role != "user":
        raise Problem("invalid_roles", "the last message must be the user's", f"{param}[{len(texts) - 1}]")
    return Turn(last, tuple(texts[:-1]))


def remembered(turn: Turn, name: str | None) -> Turn:
    """The turn as one of a conversation, if it names one; then the server knows what came before. Raises Problem."""
    conversation = named(name)
    if conversation and turn.history:
        raise Problem("invalid_request", "send the new message alone: the conversation has the others", "conversation")
    return replace(turn, conversation=conversation)


def _said(message: ChatMessage, param: str) -> Text:
    role: Literal["user", "assistant"]
    match message.role:
        case "user":
            role = "user"
        case "assistant":
            role = "assistant"
        case "system" | "developer":
            raise Problem("system_message_refused", "the system prompt is governed by the release", param)
        case _:
            raise Problem("invalid_roles", f"role {message.role[:40]!r} cannot be sent: user and assistant can", param)
    return role, message.text(param)
