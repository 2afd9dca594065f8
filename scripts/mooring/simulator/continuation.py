"""Answers that broke off: a client that asks a model to go on gets the rest of the answer, as from a real one."""

import re

from mooring.simulator.request import ChatRequest

_GO_ON = re.compile(r"(?i)\b(?:go on|continue)\b.{0,40}\bwhere (?:it|you) (?:stopped|left off)\b")


def interrupted(request: ChatRequest) -> tuple[ChatRequest, str]:
    """The request whose answer broke off, and the text until there; the request itself and "" where none did."""
    *before, answer, last = request.messages if len(request.messages) > 1 else (*request.messages,) * 2
    if (answer.role, last.role) != ("assistant", "user") or not _GO_ON.search(last.text):
        return request, ""
    if not answer.text or answer.tool_calls:
        return request, ""
    return request.model_copy(update={"messages": tuple(before)}), answer.text


def rest(content: str, begun: str) -> str:
    """What follows `begun`; all of it where it began in other words, or where nothing follows."""
    before = begun.rstrip()
    left = content[len(before) :] if content.startswith(before) else ""
    return left.lstrip() or content
