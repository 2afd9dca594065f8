"""One conversation with an agent, through the runtime that serves it: what it said, called and cost."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from pydantic_ai import capture_run_messages
from pydantic_ai.messages import ModelMessage
from pydantic_ai.tools import DeferredToolResults, ToolDenied

from mooring.evaluate.cases import turns
from mooring.evaluate.values import Call, Evidence, Reply
from mooring.runtime import rehearsal
from mooring.runtime.agent.ladder.answers import LAST, PREPARED
from mooring.runtime.agent.served import Served
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.record import Record
from mooring.runtime.core.script import scripted
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.runtime import Runtime
from mooring.spec.suite import APPROVE, Case

ANSWERS = frozenset({"run_limit_exceeded", "context_length_exceeded", "invalid_request"})
"""Problems that are the agent's doing, and so judged; any other is an error of its surroundings."""

_DECISIONS = 5
"""Rounds of approvals that a case may go through."""


class Unanswered(Exception):
    """The conversation cannot be judged: an endpoint, a recording or the runtime failed, not the agent."""


async def converse(
    runtime: Runtime, agent: str, case: Case, run: str, evidence: Evidence
) -> AsyncGenerator[Reply, None]:
    """Asks all messages of a case, one after the other, as a client that keeps the history would.

    `run` is the id of all its runs: the simulated services keep what one run did from every other.
    Raises Unanswered after the reply that says why.
    """
    served = runtime.agents.get(agent)
    variables = {name: value for name, value in case.vars.items() if name in served.prompt.open}
    history: list[Text] = []
    memories = [*case.memories]
    for turn in turns(case):
        asked = Turn(turn.message, tuple(history), variables)
        with scripted(turn.answer):
            reply, unanswered = await _reply(runtime, served, asked, case, run, evidence, memories)
        yield reply
        if unanswered:
            raise Unanswered(reply.error)
        history += [("user", turn.message), ("assistant", reply.text)]
        if reply.error:
            break


def rendered(runtime: Runtime, agent: str, case: Case) -> str:
    """The prompt that the case's first message becomes; "" when it does not fit the prompt's input."""
    prompt = runtime.agents.get(agent).prompt
    variables = {name: value for name, value in case.vars.items() if name in prompt.open}
    try:
        before, last = prompt.render(turns(case)[0].message, variables)
    except Problem:
        return ""
    return "\n\n".join(f"[{role}]\n{text}" for role, text in [*before, ("user", last)])


async def _reply(
    runtime: Runtime, served: Served, turn: Turn, case: Case, run: str, evidence: Evidence, memories: list[str]
) -> tuple[Reply, bool]:
    """The reply, and whether it cannot be judged."""
    record, started = runtime.agents.record(served, run=run), time.perf_counter()
    record.rehearsed = memories
    answer: Answer | None = None
    messages: list[ModelMessage] = []
    error: str | None = None
    unanswered = False
    try:
        answer, messages = await _captured(lambda: runtime.runner.run(served, turn, record))
        for _ in range(_DECISIONS):
            if not answer.approvals or APPROVE not in case.vars:
                break
            waiting = answer
            answer, messages = await _captured(lambda: _decided(runtime, served, record, turn, waiting, case))  # noqa: B023
    except _Failed as failed:
        messages, error = failed.messages, str(failed.cause)
        unanswered = not (isinstance(failed.cause, Problem) and failed.cause.code in ANSWERS)
    if record.rung in (PREPARED, LAST) and not record.exhausted:
        error, unanswered = f"no model answered: the answer is from rung {record.rung}", True
    reply = Reply(
        text=answer.text if answer else "",
        calls=calls(messages),
        rung=record.rung,
        simulated=record.simulated,
        input_tokens=record.usage.input_tokens,
        output_tokens=record.usage.output_tokens,
        cost_usd=record.usage.cost_usd,
        latency_seconds=None if evidence == "recorded" else time.perf_counter() - started,
        awaiting_approval=tuple(approval.tool for approval in answer.approvals) if answer else (),
        error=error,
        models=tuple(rehearsal.models(messages)),
    )
    return reply, unanswered


class _Failed(Exception):
    """Carries the messages of a run that ended in `cause`."""

    def __init__(self, cause: Exception, messages: list[ModelMessage]) -> None:
        super().__init__(str(cause))
        self.cause, self.messages = cause, messages


async def _captured(work: Callable[[], Awaitable[Answer]]) -> tuple[Answer, list[ModelMessage]]:
    with capture_run_messages() as messages:
        try:
            answer = await work()
        except Exception as error:
            raise _Failed(error, messages) from error
    return answer, list(answer.messages) or messages


async def _decided(runtime: Runtime, served: Served, record: Record, turn: Turn, waiting: Answer, case: Case) -> Answer:
    """Resumes as after a person's decision on every waiting call."""
    verdict = True if case.vars[APPROVE] else ToolDenied("A person denied this call.")
    decisions = DeferredToolResults(approvals={approval.id: verdict for approval in waiting.approvals})
    return await runtime.runner.observed(record, lambda: served.go_on(turn, list(waiting.messages), decisions))


def calls(messages: Sequence[ModelMessage]) -> tuple[Call, ...]:
    """Every call that the model asked for, in order, with what came back."""
    return tuple(map(Call.from_data, rehearsal.calls(messages)))
