"""Makes a conversation fit a budget of tokens. Pure: nothing is asked and nothing is changed."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from pydantic_ai.messages import ModelMessage, ModelRequest, ToolReturnPart, UserPromptPart

from mooring.runtime.agent.context.exchanges import Exchange, Piece, exchanges, pieces, together
from mooring.spec.resilience import Context

Count = Callable[[ModelMessage], int]
"""Tokens of a message."""

NOTE = 60
"""Tokens kept free for the note that says something was left out."""

_CLIP = 400
"""Characters that a shortened tool result keeps at least."""


@dataclass(frozen=True)
class Fitted:
    """What is sent, and what is not. `gap` is where in `messages` the first of `dropped` would have come."""

    messages: list[ModelMessage]
    dropped: list[ModelMessage]
    gap: int = 0

    def noted(self, text: str) -> list[ModelMessage]:
        """The messages with `text` in the gap: as a user's message, because it deserves no more trust."""
        note = ModelRequest(parts=[UserPromptPart(text)])
        return [*self.messages[: self.gap], note, *self.messages[self.gap :]]


def fit(
    messages: Sequence[ModelMessage],
    budget_tokens: int,
    policy: Context,
    count: Count,
    head: int = 0,
    room: int = NOTE,
) -> Fitted:
    """The messages that fit, all of them when they do; in order, and no tool call without its returns.

    What goes first: turns before the last `keep_recent_turns`, oldest first: all of them by `sliding-window` and
    `summarise-middle`, as many as it takes by `trim-middle`. Then recent turns, then exchanges of the turn under
    way. What is pinned (see `exchanges`) stays; when it is too much in itself, the longest tool results are
    shortened. `head` pieces at the start are the prompt's own; `room` tokens are kept free for a note.
    """
    if sum(map(count, messages)) <= budget_tokens:
        return Fitted(list(messages), [])
    apart = pieces(messages)
    costs = [count(piece.message) for piece in apart]
    units = exchanges(apart, head, [re.compile(pin) for pin in policy.pins])
    gone = _gone(units, costs, budget_tokens - room, policy)
    kept = [piece for index, piece in enumerate(apart) if index not in gone]
    dropped = [piece for index, piece in enumerate(apart) if index in gone]
    kept = _clipped(kept, budget_tokens - room, count)
    before = [piece for index, piece in enumerate(apart) if gone and index < min(gone)]
    # A request that is cut in two keeps its first half before the gap.
    return _fitted(kept, dropped, len(before))


def _fitted(kept: list[Piece], dropped: list[Piece], before: int) -> Fitted:
    first, rest = together(kept[:before]), together(kept[before:])
    return Fitted([*first, *rest], together(dropped), len(first))


def _gone(units: Sequence[Exchange], costs: Sequence[int], budget: int, policy: Context) -> set[int]:
    """Indices of pieces that are left out."""
    over = sum(costs) - budget
    gone: set[int] = set()
    for whole, group in _order(units, policy.keep_recent_turns):
        if over <= 0 and not (whole and policy.strategy != "trim-middle"):
            break
        for unit in group:
            gone.update(unit.pieces)
            over -= sum(costs[index] for index in unit.pieces)
    return gone


def _order(units: Sequence[Exchange], recent: int) -> Iterator[tuple[bool, list[Exchange]]]:
    """Groups in the order they go; True for those of the middle."""
    last = max((unit.turn for unit in units), default=0)
    for turn in range(last):
        yield turn <= last - recent, [unit for unit in units if unit.turn == turn and not unit.pinned]
    yield from ((False, [unit]) for unit in units if unit.turn == last and not unit.pinned)


def _clipped(kept: list[Piece], budget: int, count: Count) -> list[Piece]:
    """The longest tool results cut in their middle until all fits, or none is left that is long."""
    kept = list(kept)
    while (over := sum(count(piece.message) for piece in kept) - budget) > 0:
        sizes = {index: len(text) for index, piece in enumerate(kept) if (text := _result(piece.message))}
        longest = max(sizes, key=lambda index: sizes[index], default=None)
        if longest is None or sizes[longest] <= _CLIP:
            break
        piece = kept[longest]
        most = max(_CLIP, int(sizes[longest] * (0.9 - over / count(piece.message))))
        kept[longest] = replace(piece, message=_shorter(piece.message, most))
    return kept


def _result(message: ModelMessage) -> str:
    part = message.parts[0] if len(message.parts) == 1 else None
    return part.model_response_str() if isinstance(part, ToolReturnPart) else ""


def _shorter(message: ModelMessage, most: int) -> ModelMessage:
    """A tool's result with `most` characters at the most, the mark of the cut included."""
    part, text = message.parts[0], _result(message)
    if not (isinstance(message, ModelRequest) and isinstance(part, ToolReturnPart)):
        return message
    mark = f"\n[… {len(text) - most} characters left out …]\n"
    keep = (most - len(mark)) // 2
    cut = ToolReturnPart(part.tool_name, f"{text[:keep]}{mark}{text[-keep:]}", part.tool_call_id)
    return replace(message, parts=[replace(cut, outcome=part.outcome)])
