"""A chat request as rules see it."""

import json
from dataclasses import dataclass
from typing import Any

from mooring.simulator.request import ChatRequest, Message


@dataclass(frozen=True, slots=True)
class Conversation:
    """`user` is the last user message; `earlier` is what user and model said before it; `results` holds what tools
    answered after it, by tool name, the newest answer of each; parsed where it is JSON."""

    model: str
    system: str
    user: str
    earlier: str
    tools: dict[str, dict[str, Any]]
    results: dict[str, Any]


def read(request: ChatRequest) -> Conversation:
    """The request's conversation; tools are left out where the client forbids them."""
    messages = request.messages
    last = max((index for index, message in enumerate(messages) if message.role == "user"), default=-1)
    tools = () if request.tool_choice == "none" else request.tools
    return Conversation(
        model=request.model,
        system="\n\n".join(message.text for message in messages if message.role in ("system", "developer")),
        user=messages[last].text if last >= 0 else "",
        earlier="\n".join(
            message.text for message in messages[: max(last, 0)] if message.role in ("user", "assistant")
        ),
        tools={tool.function.name: tool.function.parameters for tool in tools},
        results=_results(messages[last + 1 :]),
    )


def _results(messages: tuple[Message, ...]) -> dict[str, Any]:
    names: dict[str, str] = {}
    results: dict[str, Any] = {}
    for message in messages:
        names |= {call.id: call.function.name for call in message.tool_calls}
        if message.role == "tool" and message.tool_call_id in names:
            results[names[message.tool_call_id]] = _value(message.text)
    return results


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
