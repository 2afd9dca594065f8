"""Asks an agent as an evaluation does: what it said, what it called and what it cost, with no effect in the world."""

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart

from mooring.release.content import ReleaseContent
from mooring.runtime.agent.wire import FINGERPRINT
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.script import scripted
from mooring.runtime.core.turn import Turn
from mooring.runtime.runtime import Runtime
from mooring.spec.endpoints import SIMULATED
from mooring.spec.suite import ModelAnswer

CONVERSATIONS = 256
"""Rehearsed conversations whose memories are known; the oldest go first."""

PENDING = "awaiting approval"
"""The error of a call that no person decided on."""


async def rehearse(
    runtime: Runtime,
    agent: str,
    turn: Turn,
    run: str,
    said: ModelAnswer | None = None,
    memories: Sequence[str] = (),
) -> dict[str, Any]:
    """The reply as JSON values; `error` is a problem that ended the run, or None.

    `run` is the id of every run of one conversation. A simulated model says what is `said`; a real one never.
    Tools that change something are called only where their service is simulated; elsewhere the agent is told that they
    are not. What is remembered is known to this conversation alone, which begins with `memories`. Problem when there
    is no such agent.
    """
    served = runtime.agents.get(agent)
    record, answer, error = runtime.agents.record(served, run=run), None, None
    record.probe = True
    record.withheld = withheld(runtime.release.content)
    record.rehearsed = remembered(runtime.rehearsed, run, memories)
    try:
        with scripted(said):
            answer = await runtime.runner.run(served, turn, record)
    except Problem as problem:
        error = str(problem)
    return {
        "text": answer.text if answer else "",
        "calls": calls(answer.messages) if answer else [],
        "rung": record.rung,
        "simulated": record.simulated,
        "input_tokens": record.usage.input_tokens,
        "output_tokens": record.usage.output_tokens,
        "cost_usd": record.usage.cost_usd,
        "awaiting_approval": [approval.tool for approval in answer.approvals] if answer else [],
        "error": error,
        "models": models(answer.messages) if answer else [],
    }


def withheld(content: ReleaseContent) -> frozenset[str]:
    """The tools, as models know them, that would change something real."""
    services = content.environment.services
    return frozenset(
        tool.exported
        for tool in content.tools.values()
        if not tool.annotations.read_only_hint
        and not tool.memory
        and not (tool.service and services.get(tool.service) == SIMULATED)
    )


def remembered(known: OrderedDict[str, list[str]], run: str, memories: Sequence[str]) -> list[str]:
    """The memories of a conversation, which begins with `memories` and whose runs share an id."""
    mine = known.setdefault(run, list(memories))
    known.move_to_end(run)
    if len(known) > CONVERSATIONS:
        known.popitem(last=False)
    return mine


def models(messages: Sequence[ModelMessage]) -> list[str]:
    """What providers called the models that answered, each once: `gpt-4.1-2025-04-14 fp_0123`."""
    said: dict[str, None] = {}
    for message in messages:
        if isinstance(message, ModelResponse) and message.model_name:
            fingerprint = (message.provider_details or {}).get(FINGERPRINT)
            said[f"{message.model_name} {fingerprint}" if fingerprint else message.model_name] = None
    return list(said)


def calls(messages: Sequence[ModelMessage]) -> list[dict[str, Any]]:
    """Every call that the model asked for, in order, with what came back: name, arguments, result and error."""
    asked: dict[str, ToolCallPart] = {}
    back: dict[str, tuple[Any, str | None]] = {}
    for message in messages:
        for part in message.parts:
            if isinstance(part, ToolCallPart):
                asked[part.tool_call_id] = part
            elif part.part_kind == "tool-return":
                good = part.outcome == "success"
                back[part.tool_call_id] = (part.content, None) if good else (None, part.model_response_str())
            elif part.part_kind == "retry-prompt" and part.tool_name:
                back[part.tool_call_id] = (None, part.model_response())
    return [
        {"name": part.tool_name, "arguments": part.args_as_dict(), "result": result, "error": error}
        for number, part in asked.items()
        for result, error in [back.get(number, (None, PENDING))]
    ]
