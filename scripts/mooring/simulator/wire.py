"""Completions in the JSON of the endpoint they imitate, whole and as stream events.

Source: OpenAI API reference, "The chat completion object" and "The chat completion chunk object".
"""

import json
from collections.abc import Iterator
from typing import Any

from mooring.simulated import NO_RULE
from mooring.simulator.completion import Completion, pieces

FINGERPRINT = "simulated"
CREATED = 1_735_689_600
"""Every answer's time, 2025-01-01T00:00:00Z: the same request gets the same bytes."""


def usage(completion: Completion) -> dict[str, Any]:
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.completion_tokens,
        "total_tokens": completion.prompt_tokens + completion.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def whole(completion: Completion) -> dict[str, Any]:
    """The body of an answer that is not streamed."""
    message: dict[str, Any] = {"role": "assistant", "content": completion.content or None, "refusal": None}
    if completion.calls:
        message["tool_calls"] = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
            for id_, name, arguments in completion.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": completion.finish_reason}
    return _head(completion, "chat.completion") | {"choices": [choice], "usage": usage(completion)}


def events(completion: Completion, include_usage: bool) -> Iterator[str]:
    """The server-sent events of a streamed answer, the last one `[DONE]`."""
    head = _head(completion, "chat.completion.chunk")
    if include_usage:
        head["usage"] = None
    for delta in _deltas(completion):
        yield _event(head | {"choices": [_choice(delta, None)]})
    yield _event(head | {"choices": [_choice({}, completion.finish_reason)]})
    if include_usage:
        yield _event(head | {"choices": [], "usage": usage(completion)})
    yield "data: [DONE]\n\n"


def _deltas(completion: Completion) -> Iterator[dict[str, Any]]:
    yield {"role": "assistant", "content": "" if completion.content or not completion.calls else None}
    for piece in pieces(completion.content):
        yield {"content": piece}
    for index, (id_, name, arguments) in enumerate(completion.calls):
        begun = {"index": index, "id": id_, "type": "function", "function": {"name": name, "arguments": ""}}
        yield {"tool_calls": [begun]}
        middle = len(arguments) // 2
        for part in (arguments[:middle], arguments[middle:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _head(completion: Completion, kind: str) -> dict[str, Any]:
    return {
        "id": completion.id,
        "object": kind,
        "created": CREATED,
        "model": completion.model,
        "system_fingerprint": NO_RULE if completion.rule == NO_RULE else FINGERPRINT,
    }


def _choice(delta: dict[str, Any], finish_reason: str | None) -> dict[str, Any]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _event(data: dict[str, Any]) -> str:
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def error(
    message: str, code: str | None, param: str | None = None, kind: str = "invalid_request_error"
) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def model(id_: str) -> dict[str, Any]:
    """One model as `/v1/models` lists it."""
    return {"id": id_, "object": "model", "created": CREATED, "owned_by": "mooring-simulator"}
