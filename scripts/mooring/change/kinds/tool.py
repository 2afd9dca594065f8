"""Tools: what may be done, by whose leave, how often."""

from collections.abc import Iterator
from typing import Any

from mooring.change.kinds.schema import narrowings
from mooring.change.rules import Sides, moved, number, turned
from mooring.change.walk import Note, Rules
from mooring.change.wording import show

MEMORY = frozenset({"remember", "recall"})
"""Types of what a tool is bound to when that is the memory of users."""


def rules(_: Sides) -> Rules:
    return {
        "annotations.readOnlyHint": turned(
            on=("tool.hint-lowered", "is now said to change nothing"),
            off=("tool.gained-write", "may now change something"),
        ),
        "annotations.destructiveHint": turned(
            on=("tool.gained-destructive", "may now destroy or overwrite"),
            off=("tool.hint-lowered", "is now said to destroy nothing"),
        ),
        "annotations.idempotentHint": turned(
            on=("tool.hint-lowered", "is now said to be safe to repeat"),
            off=("tool.idempotency-changed", "is no longer safe to repeat without a key"),
        ),
        "annotations.openWorldHint": turned(
            on=("tool.gained-open-world", "now reaches systems beyond the team's own"),
            off=("tool.hint-lowered", "is now said to stay within the team's own systems"),
        ),
        "approval": approval,
        "bind": endpoint,
        "description": moved("tool.description-changed", "description"),
        "exportName": moved("tool.renamed", "the name the model sees:"),
        "idempotencyKey": idempotency,
        "inputSchema": arguments,
        "maxCallsPerRun": number("tool.calls-raised", "tool.calls-lowered", "calls per run"),
        "outputSchema": results,
        "timeoutSeconds": moved("tool.timeout-changed", "timeout in seconds"),
    }


def approval(before: Any, after: Any) -> Iterator[Note]:
    if after == "human":
        yield Note("tool.gained-approval", "now waits for human approval")
    else:
        yield Note("tool.lost-approval", "no longer waits for human approval")


def endpoint(before: Any, after: Any) -> Iterator[Note]:
    code = "tool.memory-changed" if {before["type"], after["type"]} <= MEMORY else "tool.endpoint-changed"
    yield Note(code, f"{_call(before)} → {_call(after)}")


def idempotency(before: Any, after: Any) -> Iterator[Note]:
    if after is None:
        yield Note("tool.idempotency-lost", "has no idempotency key any more")
    else:
        yield Note("tool.idempotency-changed", f"idempotency key {show(before)} → {show(after)}")


def arguments(before: Any, after: Any) -> Iterator[Note]:
    narrower = tuple(narrowings(before, after))
    for text in narrower:
        yield Note("tool.input-narrowed", f"arguments: {text}")
    if not narrower:
        yield Note("tool.input-changed", "arguments described differently; none that was accepted is refused")


def results(before: Any, after: Any) -> Iterator[Note]:
    yield Note("tool.output-changed", "results have another shape")


def _call(bind: dict[str, Any]) -> str:
    if bind["type"] == "python":
        return show(bind["callable"])
    if bind["type"] == "mcp":
        return f"{show(bind['tool'])} of {show(bind['server'])}"
    if bind["type"] in MEMORY:
        limits = ", ".join(f"{name} {value}" for name, value in bind.items() if name not in ("type", "space"))
        return f"{bind['type']} in {show(bind['space'])} ({limits})"
    return f"{show(bind['method'])} {show(bind['service'])}{show(bind['path'])}"
