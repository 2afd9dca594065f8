"""How many tokens a request has, by an estimate that each model's own usage reports correct.

No tokenizer is asked: none is on this machine for every vendor, and fetching one needs the network.
Text is measured in UTF-8 bytes, which are characters for English; a Chinese character counts three.
"""

import json
from collections.abc import Iterable, Sequence

from pydantic_ai.messages import (
    ModelMessage,
    ModelRequestPart,
    ModelResponsePart,
    RetryFeedbackPart,
    SystemPromptPart,
    TextPart,
    ThinkingPart,
    ToolCallPart,
    ToolReturnPart,
    UserPromptPart,
)
from pydantic_ai.models import ModelRequestParameters

START = 3.5
"""Bytes of a token before a model has reported anything: on the safe side for English and JSON."""

LEAST, MOST = 1.0, 4.5
MESSAGE = 4
"""Tokens that the frame of a message takes: its role and separators."""

_SPEAKING = 4000
"""Bytes below which a report teaches nothing: frames and system parts weigh too much."""

_SLOWLY = 0.1


class Tokens:
    """Bytes of a token by model id. Fewer is believed at once, more only little by little."""

    def __init__(self) -> None:
        self._bytes: dict[str, float] = {}

    def ratio(self, model: str) -> float:
        """Bytes of a token, as far as is known."""
        return self._bytes.get(model, START)

    def learn(self, model: str, size: int, tokens: int) -> None:
        """Takes note that `size` bytes were `tokens` tokens to a model."""
        if tokens <= 0 or size < _SPEAKING:
            return
        seen, known = min(max(size / tokens, LEAST), MOST), self.ratio(model)
        self._bytes[model] = seen if seen < known else known + _SLOWLY * (seen - known)

    def refused(self, model: str, size: int, window: int) -> None:
        """Takes note that a model found `size` bytes too long for its window of so many tokens."""
        self._bytes[model] = max(LEAST, min(self.ratio(model), size / window))

    def of(self, model: str, message: ModelMessage) -> int:
        """Tokens of a message."""
        return MESSAGE + int(size(message) / self.ratio(model)) + 1

    def of_tools(self, model: str, parameters: ModelRequestParameters) -> int:
        """Tokens of what a model is told about tools."""
        return int(size_of_tools(parameters) / self.ratio(model)) + 1


def size(message: ModelMessage) -> int:
    """Bytes of all text in a message, names and arguments of tools included."""
    return sum(len(piece) if piece.isascii() else len(piece.encode(errors="replace")) for piece in texts(message))


def sizes(messages: Iterable[ModelMessage]) -> int:
    """Bytes of all messages."""
    return sum(map(size, messages))


def size_of_tools(parameters: ModelRequestParameters) -> int:
    """Bytes of the names, descriptions and schemas of tools."""
    tools = [*parameters.function_tools, *parameters.output_tools]
    return sum(
        len(tool.name) + len(tool.description or "") + len(json.dumps(tool.parameters_json_schema)) for tool in tools
    )


def texts(message: ModelMessage) -> list[str]:
    """Every text in a message."""
    parts: Sequence[ModelRequestPart | ModelResponsePart] = message.parts
    return [piece for part in parts for piece in _texts(part)]


def _texts(part: ModelRequestPart | ModelResponsePart) -> list[str]:
    match part:
        case SystemPromptPart(content=text) | TextPart(content=text) | ThinkingPart(content=text):
            return [text]
        case UserPromptPart(content=content):
            return [content] if isinstance(content, str) else [piece for piece in content if isinstance(piece, str)]
        case ToolCallPart():
            return [part.tool_name, part.args_as_json_str()]
        case ToolReturnPart():
            return [part.model_response_str()]
        case RetryFeedbackPart():
            return [part.model_response()]
    return []
