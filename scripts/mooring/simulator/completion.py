"""A whole answer: the rule's decision under what the request asks for. The same request gets the same answer."""

import hashlib
import json
import re
from dataclasses import dataclass

from mooring.simulator.conversation import read
from mooring.simulator.decide import Decision, decide
from mooring.simulator.example import example
from mooring.simulator.request import ChatRequest, NamedTool
from mooring.simulator.rulebook import Rulebook
from mooring.simulator.stand_in import stand_in
from mooring.spec.messages import GO_ON


@dataclass(frozen=True, slots=True)
class Completion:
    """`calls` are (id, tool, JSON text of the arguments). `finish_reason` is None where an answer lacks one."""

    id: str
    model: str
    rule: str
    content: str
    calls: tuple[tuple[str, str, str], ...]
    finish_reason: str | None
    prompt_tokens: int
    completion_tokens: int


def complete(book: Rulebook, request: ChatRequest) -> Completion:
    """What the simulated model answers."""
    asked, begun = _resumed(request)
    conversation = read(asked)
    decided = decide(book, conversation) or stand_in(conversation, request.mooring_output)
    decision = _formatted(_insisted(decided, request), request)
    content, cut = _cut(_rest(decision.content, begun), request.limit)
    digest = hashlib.sha256(request.model_dump_json(exclude={"stream", "stream_options"}).encode()).hexdigest()
    calls = decision.calls if request.parallel_tool_calls else decision.calls[:1]
    return Completion(
        id=f"chatcmpl-sim-{digest[:24]}",
        model=request.model,
        rule=decision.rule,
        content=content,
        calls=tuple((f"call_{digest[:16]}{index}", tool, arguments) for index, (tool, arguments) in enumerate(calls)),
        finish_reason="tool_calls" if calls else "length" if cut else "stop",
        prompt_tokens=_prompt_tokens(request),
        completion_tokens=tokens(content) + sum(tokens(tool + arguments) + 4 for tool, arguments in calls),
    )


def _resumed(request: ChatRequest) -> tuple[ChatRequest, str]:
    """The request before its answer was cut off, and what had been said by then, where it asks to go on with that."""
    if len(request.messages) < 2 or request.messages[-1].text != GO_ON:
        return request, ""
    *before, begun, _ = request.messages
    return request.model_copy(update={"messages": tuple(before)}), begun.text


def _rest(content: str, begun: str) -> str:
    """What follows on what was said; all of it where the model would have said something else."""
    return content.removeprefix(begun).lstrip() or content


def tokens(text: str) -> int:
    """About how many tokens a text has: four characters each."""
    return -(-len(text) // 4)


def _prompt_tokens(request: ChatRequest) -> int:
    tools = tokens("".join(tool.model_dump_json() for tool in request.tools))
    calls = (call.function for message in request.messages for call in message.tool_calls)
    called = sum(tokens(function.name + function.arguments) for function in calls)
    return tools + called + sum(tokens(message.text) + 4 for message in request.messages)


def _insisted(decision: Decision, request: ChatRequest) -> Decision:
    """The decision with the call that the client insists on, made up from the tool's schema where no rule has it."""
    choice = request.tool_choice
    named = choice.function.name if isinstance(choice, NamedTool) else None
    if named is None and (choice != "required" or decision.calls):
        return decision
    if any(tool == named for tool, _ in decision.calls):
        return Decision(decision.rule, calls=tuple(call for call in decision.calls if call[0] == named))
    spec = next(tool.function for tool in request.tools if named in (None, tool.function.name))
    arguments = example(spec.parameters, decision.content or "simulated")
    return Decision(decision.rule, calls=((spec.name, json.dumps(arguments, ensure_ascii=False)),))


def _formatted(decision: Decision, request: ChatRequest) -> Decision:
    """The decision with its text in the JSON that the client asks for; text that is JSON already stays."""
    wanted = request.response_format
    if wanted is None or wanted.type == "text" or decision.calls:
        return decision
    try:
        json.loads(decision.content)
    except ValueError:
        pass
    else:
        return decision
    schema = wanted.json_schema.json_schema if wanted.json_schema else {}
    value = example(schema, decision.content) if schema else {"answer": decision.content}
    return Decision(decision.rule, json.dumps(value, ensure_ascii=False))


def _cut(content: str, limit: int | None) -> tuple[str, bool]:
    """At most `limit` tokens of the text, and whether any is missing."""
    if limit is None or tokens(content) <= limit:
        return content, False
    return content[: limit * 4].rstrip(), True


def pieces(text: str, size: int = 3) -> list[str]:
    """The text in pieces of a few words each, as a model would stream it; joined they are the text."""
    words = re.findall(r"\s*\S+\s*", text)
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]
