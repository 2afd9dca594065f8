"""A model that records its answers, or is replaced by what was recorded."""

import json
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pydantic_ai.messages import (
    ModelMessage,
    ModelMessagesTypeAdapter,
    ModelRequest,
    ModelResponse,
)
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.settings import ModelSettings

from mooring import spec
from mooring.evaluate.recordings import Exchange, command
from mooring.evaluate.values import Evidence
from mooring.release.canonical import canonical, digest
from mooring.runtime.agent.layer import Layer
from mooring.runtime.core.settings import WrapModel

_SHOWN = 400
_UNSENT = frozenset(
    {"timestamp", "run_id", "conversation_id", "metadata", "provider_details", "provider_response_id", "provider_url"}
)
"""Keys of a message that no model is sent, or that are new each time."""


REPLAYED = "recorded"
"""The class of evidence that asks no model."""


class StaleRecording(Exception):
    """A model was sent what it was not sent when the recordings were made."""


@dataclass
class Tape:
    """The exchanges of one trial: those it may replay, and those it made."""

    suite: str
    case: str
    repeat: int
    recorded: Mapping[str, Exchange] = field(default_factory=dict)
    made: dict[str, Exchange] = field(default_factory=dict)


TAPE: ContextVar[Tape] = ContextVar("mooring_tape")
"""The tape of the trial in whose context a model is called."""


class Recorded(Layer):
    """Answers from the tape; the wrapped model is never called."""

    def __init__(self, wrapped: Model, document: spec.Model) -> None:
        super().__init__(wrapped)
        self.document = document

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        tape = TAPE.get()
        key = key_of(self.document, messages, model_settings, model_request_parameters, tape.repeat)
        found = tape.recorded.get(key)
        if found is None:
            case = f"{tape.suite}/{tape.case}"
            known = f"{self.document.id} was not sent this when {case} was recorded (repeat {tape.repeat})"
            why = known if tape.recorded else f"{case} was never recorded"
            raise StaleRecording(f"stale-recording: {why}; run: {command(tape.suite)}")
        return _response(found)


class Recording(Recorded):
    """Calls the wrapped model and keeps what it answers; the same question in one trial is asked once."""

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        tape = TAPE.get()
        key = key_of(self.document, messages, model_settings, model_request_parameters, tape.repeat)
        if key not in tape.made:
            response = await self.wrapped.request(messages, model_settings, model_request_parameters)
            asked = "\n".join(_asked(messages))[:_SHOWN]
            tape.made[key] = Exchange(key, self.document.id, tape.repeat, asked, _plain(response))
        return _response(tape.made[key])  # what a replay will see


def wrapping(
    evidence: Evidence, record: bool, simulates: Callable[[str], bool] = lambda provider: False
) -> WrapModel | None:
    """What is put around each model. What `simulates` says of a provider is played, and never recorded as its own."""
    if record:
        return lambda document, model: model if simulates(document.provider) else Recording(model, document)
    return (lambda document, model: Recorded(model, document)) if evidence == REPLAYED else None


def key_of(
    document: spec.Model,
    messages: list[ModelMessage],
    settings: ModelSettings | None,
    parameters: ModelRequestParameters,
    repeat: int,
) -> str:
    """The hash of all that decides an answer: messages with tool results, tools, options, model and repeat."""
    tools = [
        [tool.name, tool.description, tool.parameters_json_schema]
        for tool in (*parameters.function_tools, *parameters.output_tools)
    ]
    options = {**document.options.model_dump(mode="json"), **(settings or {})}
    options.pop("timeout", None)  # how long an answer is waited for does not change it
    asked = {"messages": _canonical(messages), "tools": tools, "options": options}
    return digest(canonical({**asked, "model": [document.provider, document.id], "repeat": repeat}))


def _canonical(messages: list[ModelMessage]) -> list[Any]:
    """Messages without what is new each time: ids of tool calls become their number."""
    numbers: dict[str, str] = {}

    def told(part: dict[str, Any]) -> dict[str, Any]:
        said = {key: value for key, value in part.items() if key not in _UNSENT and value is not None}
        if call := said.get("tool_call_id"):
            said["tool_call_id"] = numbers.setdefault(call, str(len(numbers)))
        return {key: said[key] for key in ("part_kind", "tool_name", "tool_call_id", "args", "content") if key in said}

    dumped = ModelMessagesTypeAdapter.dump_python(messages, mode="json")
    return [[message["kind"], [told(part) for part in message["parts"]]] for message in dumped]


def _response(exchange: Exchange) -> ModelResponse:
    (message,) = ModelMessagesTypeAdapter.validate_python([exchange.answer])
    if not isinstance(message, ModelResponse):
        raise TypeError(f"the recorded answer to {exchange.asked[:60]!r} is no answer of a model")
    return message


def _plain(response: ModelResponse) -> dict[str, Any]:
    """The response as JSON values, without what is new each time or empty."""
    (dumped,) = ModelMessagesTypeAdapter.dump_python([response], mode="json")
    kept: dict[str, Any] = json.loads(json.dumps({key: value for key, value in dumped.items() if key not in _UNSENT}))
    kept["parts"] = [{key: value for key, value in part.items() if value is not None} for part in kept["parts"]]
    kept["usage"] = {key: value for key, value in kept["usage"].items() if value}
    return {key: value for key, value in kept.items() if value not in (None, {}, [])}


def _asked(messages: list[ModelMessage]) -> Iterable[str]:
    """What the last request adds, for a person to read."""
    last = messages[-1]
    for part in last.parts if isinstance(last, ModelRequest) else ():
        if part.part_kind == "user-prompt":
            yield f"user: {part.content}"
        elif part.part_kind == "tool-return":
            yield f"{part.tool_name}: {part.model_response_str()}"
        elif part.part_kind == "retry-prompt":
            yield f"retry: {part.model_response()}"
