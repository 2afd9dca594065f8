"""A conversation in the smallest pieces that may be left out: a message, or a tool call with all its returns."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequest,
    ModelResponse,
    RetryFeedbackPart,
    SystemPromptPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)

from mooring.runtime.agent.context.tokens import texts


@dataclass(frozen=True)
class Piece:
    """A response, or one part of a request. `origin` is the index of the message it comes from."""

    origin: int
    message: ModelMessage


@dataclass
class Exchange:
    """Pieces that stay together, by index. `turn` counts the user's messages so far; 0 is before the first."""

    turn: int
    pieces: list[int] = field(default_factory=list)
    pinned: bool = False


def pieces(messages: Sequence[ModelMessage]) -> list[Piece]:
    """The messages apart, in order."""
    return [Piece(origin, piece) for origin, message in enumerate(messages) for piece in _apart(message)]


def _apart(message: ModelMessage) -> Iterator[ModelMessage]:
    if isinstance(message, ModelRequest) and len(message.parts) > 1:
        yield from (replace(message, parts=[part]) for part in message.parts)
    else:
        yield message


def together(kept: Sequence[Piece]) -> list[ModelMessage]:
    """Pieces as messages again: neighbours of one request are one request."""
    messages: list[ModelMessage] = []
    last = -1
    for piece in kept:
        before = messages[-1] if messages else None
        if piece.origin == last and isinstance(before, ModelRequest) and isinstance(piece.message, ModelRequest):
            messages[-1] = replace(before, parts=[*before.parts, *piece.message.parts])
        else:
            messages.append(piece.message)
        last = piece.origin
    return messages


def exchanges(all_pieces: Sequence[Piece], head: int, pins: Sequence[re.Pattern[str]]) -> list[Exchange]:
    """What stays together, and what is pinned: the `head` first pieces, which are the prompt's own, every system
    message, the user's first goal and last message, tool calls that the model has not yet heard of, and what
    matches `pins`.
    """
    found, calls = list[Exchange](), dict[str, Exchange]()
    turn = 0
    for index, piece in enumerate(all_pieces):
        says = index >= head and _says(piece.message)
        turn += says
        exchange = _of_call(piece.message, calls, found) or Exchange(turn)
        if not exchange.pieces:
            found.append(exchange)
        exchange.pieces.append(index)
        exchange.pinned |= index < head or _is_system(piece.message) or (says and turn == 1)
        exchange.pinned |= any(pin.search(text) for text in texts(piece.message) for pin in pins)
        if isinstance(piece.message, ModelResponse):
            calls |= {part.tool_call_id: exchange for part in piece.message.parts if isinstance(part, ToolCallPart)}
    for exchange in found:
        said = any(_says(all_pieces[index].message) for index in exchange.pieces)
        exchange.pinned |= (said and exchange.turn == turn) or _open(exchange, all_pieces)
    return found


def _of_call(message: ModelMessage, calls: dict[str, Exchange], found: list[Exchange]) -> Exchange | None:
    """The exchange that a return or a request to try again belongs to."""
    part = message.parts[0] if isinstance(message, ModelRequest) and message.parts else None
    if isinstance(part, RetryFeedbackPart):
        return found[-1] if found else None
    return calls.get(part.tool_call_id) if isinstance(part, ToolReturnPart) else None


def _open(exchange: Exchange, all_pieces: Sequence[Piece]) -> bool:
    """Whether a call has no return yet, or one that the model is about to read."""
    if exchange.pieces[-1] == len(all_pieces) - 1:
        return True
    messages = [all_pieces[index].message for index in exchange.pieces]
    called = [part.tool_call_id for message in messages for part in message.parts if isinstance(part, ToolCallPart)]
    returns = [part for message in messages for part in message.parts]
    answered = {part.tool_call_id for part in returns if isinstance(part, ToolReturnPart)}
    return not answered.issuperset(called)


def _says(message: ModelMessage) -> bool:
    return any(isinstance(part, UserPromptPart) for part in message.parts)


def _is_system(message: ModelMessage) -> bool:
    return any(isinstance(part, SystemPromptPart) for part in message.parts)
