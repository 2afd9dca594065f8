"""Smoke suites: what a rollout asks of a slot before it gets the traffic, and again after."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from mooring.errors import Stopped
from mooring.evaluate.assertions.judging import judge
from mooring.evaluate.cases import cases, turns
from mooring.evaluate.scoring import passed, unanswered
from mooring.evaluate.values import Reply, Score
from mooring.spec.suite import APPROVE, Case, EvalSuite

Ask = Callable[[Mapping[str, Any], float], Mapping[str, Any]]
"""Rehearses one turn in a slot, within some seconds: takes the agent, message, history, variables, run, memories and
the answer that stands in the case, and returns what `Reply` is made of. Raises Stopped."""

AT_ONCE = 8
"""Conversations with a slot at the same time."""

LAST = "L4"
"""The rung on which no model answers, and the agent apologises."""

NOT_VARIABLES = frozenset({"message", APPROVE})


@dataclass(frozen=True)
class Conversation:
    """One case of a suite, to be had until `deadline`, on the monotonic clock."""

    name: str
    agent: str
    case: Case
    deadline: float


def smoke(suites: Mapping[str, EvalSuite], ask: Ask, seconds: float) -> list[str]:
    """What does not hold, one line for each case; empty when all passed. For the main thread, which judging needs.

    Cases in quarantine are left out, and those that the simulator answers from no rule: nobody said what is right.
    A case that is not answered within `seconds`, or the suite's limit, fails.
    """
    today, now = datetime.now(UTC).date(), time.monotonic()
    planned = [
        Conversation(f"{name}/{case.id}", suite.agent, case, now + min(seconds, suite.timeout_seconds))
        for name, suite in suites.items()
        for case in cases(suite)
        if case.quarantine is None or case.quarantine.expires < today
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(lambda one: held(one, ask), planned))
    problems = asyncio.run(_judged(planned, replies))
    return [f"{one.name}: {problem}" for one, problem in zip(planned, problems, strict=True) if problem]


def held(one: Conversation, ask: Ask) -> list[Reply]:
    """One reply for each turn, fewer when one ended the conversation."""
    replies: list[Reply] = []
    history: list[tuple[str, str]] = []
    variables = {name: value for name, value in one.case.vars.items() if name not in NOT_VARIABLES}
    run = f"smoke-{uuid4().hex}"
    for turn in turns(one.case):
        body = {
            "agent": one.agent,
            "message": turn.message,
            "history": tuple(history),
            "variables": variables,
            "run": run,
            "memories": one.case.memories,
            "answer": turn.answer.model_dump(mode="json") if turn.answer else None,
        }
        replies.append(reply := _reply(body, one.deadline, ask))
        if reply.error:
            break
        history += [("user", turn.message), ("assistant", reply.text)]
    return replies


def _reply(body: Mapping[str, Any], deadline: float, ask: Ask) -> Reply:
    started = time.monotonic()
    if started >= deadline:
        return Reply("", error="there was no time left to ask it")
    try:
        said = ask(body, deadline - started)
    except Stopped as stopped:
        return Reply("", error=str(stopped))
    reply = Reply.from_data({**said, "latency_seconds": time.monotonic() - started})
    if reply.rung == LAST:
        return Reply(reply.text, error=f"no model answered: the agent apologised from rung {LAST}")
    return reply


async def _judged(planned: list[Conversation], replies: list[list[Reply]]) -> list[str]:
    judged = zip(planned, replies, strict=True)
    return ["" if any(reply.unruled for reply in said) else await problem(one.case, said) for one, said in judged]


async def scores_of(case: Case, replies: Sequence[Reply]) -> tuple[Score, ...]:
    """The scores of a case that needs no judge. For the main thread."""
    return unanswered(replies) + await judge(case, replies, None)


async def problem(case: Case, replies: Sequence[Reply]) -> str:
    """Why a case does not hold, or "". For the main thread."""
    scores = await scores_of(case, replies)
    if passed(case, scores):
        return ""
    wrong = next((score for score in scores if not score.passed and score.weight > 0), None)
    return f"{wrong.metric}: {wrong.reason}" if wrong else "nothing was judged"
