"""How many tokens a request has, by an estimate on the safe side that each model's own usage corrects.

What usage says of one script is not believed of another: a model whose English is cheap may have dear Chinese.
"""

import json
from collections import defaultdict
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
from pydantic_ai.tools import ToolDefinition

from mooring.spec.document import JsonSchema
from mooring.tokens import LATIN, Estimate, estimate

FRAME, MESSAGE = "frame", 4
"""Tokens that the frame of a message takes: its role and separators. They are a class of their own."""

LEAST = {LATIN: 0.95}
"""Lowest factor to the safe rate of each class: words, names and code are no cheaper than estimated."""

_LEAST, _MOST = 0.4, 4.0
_MARGIN = 1.15
"""Texts of one script differ: simplified characters are cheaper than traditional ones."""

_TELLING, _DOMINANT = 500, 0.8
"""Tokens below which a report teaches nothing, and the share of a class above which it is about that class."""

_SLOWLY = 0.3
_KNOWN_TEXTS = 4096
_KNOWN_TOOLSETS = 64


class Tokens:
    """Factors to the safe rates, by model id and class. More is believed at once, less little by little."""

    def __init__(self) -> None:
        self._factors: defaultdict[str, dict[str, float]] = defaultdict(dict)
        self._texts: dict[tuple[int, int], Estimate] = {}
        self._toolsets: dict[tuple[object, ...], tuple[Estimate, list[JsonSchema]]] = {}

    def factor(self, model: str, name: str) -> float:
        """What the safe rate of a class is multiplied by."""
        return self._factors[model].get(name, 1.0)

    def total(self, model: str, estimated: Estimate) -> int:
        """Tokens to a model, corrected by what was learnt."""
        return int(sum(self.factor(model, name) * tokens for name, tokens in estimated.items())) + 1

    def of(self, model: str, message: ModelMessage) -> int:
        """Tokens of a message."""
        return self.total(model, self._message(message))

    def of_tools(self, model: str, parameters: ModelRequestParameters) -> int:
        """Tokens of what a model is told about tools."""
        return self.total(model, self._tools(parameters))

    def sent(self, messages: Iterable[ModelMessage], parameters: ModelRequestParameters) -> Estimate:
        """Estimated tokens of a request before any correction."""
        return _sum([*map(self._message, messages), self._tools(parameters)])

    def learn(self, model: str, estimated: Estimate, tokens: int) -> None:
        """Learns that a request was so many tokens to a model.

        Which class made it more than thought, nobody knows: then it is all of them. Less is believed of a class that
        makes nearly all of the request, and of no other.
        """
        known = self.total(model, estimated)
        if tokens < _TELLING or known < _TELLING:
            return
        if tokens > known:
            self._raise(model, estimated, tokens / known)
            return
        name, most = max(estimated.items(), key=lambda item: item[1])
        if name != FRAME and most >= _DOMINANT * sum(estimated.values()):
            factor = self.factor(model, name)
            seen = (tokens - (known - factor * most)) / most * _MARGIN
            lower = max(seen, LEAST.get(name, _LEAST))
            self._factors[model][name] = min(factor, factor + _SLOWLY * (lower - factor))

    def refused(self, model: str, estimated: Estimate, window: int) -> None:
        """Learns that a model found a request too long for its window of so many tokens."""
        self._raise(model, estimated, window / self.total(model, estimated))

    def _raise(self, model: str, estimated: Estimate, times: float) -> None:
        for name in estimated if times > 1 else ():
            self._factors[model][name] = min(_MOST, self.factor(model, name) * times)

    def _message(self, message: ModelMessage) -> Estimate:
        return _sum([{FRAME: MESSAGE}, *map(self._text, texts(message))])

    def _tools(self, parameters: ModelRequestParameters) -> Estimate:
        """Estimated once, since a release's tools are the same objects in every request."""
        tools = [*parameters.function_tools, *parameters.output_tools]
        key = tuple((tool.name, tool.description, id(tool.parameters_json_schema)) for tool in tools)
        if key not in self._toolsets:
            if len(self._toolsets) >= _KNOWN_TOOLSETS:
                self._toolsets.clear()
            # With the schemas, so that no other object takes their ids.
            self._toolsets[key] = self._told(tools), [tool.parameters_json_schema for tool in tools]
        return self._toolsets[key][0]

    def _told(self, tools: Sequence[ToolDefinition]) -> Estimate:
        schemas = [json.dumps(tool.parameters_json_schema, ensure_ascii=False) for tool in tools]
        return _sum(map(self._text, [*(f"{tool.name} {tool.description or ''}" for tool in tools), *schemas]))

    def _text(self, text: str) -> Estimate:
        """A text is estimated once, since a conversation is counted again with each of its turns; no text is kept."""
        key = len(text), hash(text)
        if key not in self._texts:
            if len(self._texts) >= _KNOWN_TEXTS:
                self._texts.clear()
            self._texts[key] = estimate(text)
        return self._texts[key]


def _sum(parts: Iterable[Estimate]) -> Estimate:
    total = defaultdict[str, float](float)
    for part in parts:
        for name, tokens in part.items():
            total[name] += tokens
    return total


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
