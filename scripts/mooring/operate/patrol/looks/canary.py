"""Whether the live agents answer the cases of suites as they must."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from functools import partial

from mooring.evaluate.cases import cases
from mooring.evaluate.smoke import AT_ONCE as CONVERSATIONS
from mooring.evaluate.smoke import Conversation, held, problem
from mooring.operate.patrol.seen import Found, NotMade, Trouble
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import CanaryLook
from mooring.spec.suite import APPROVE, Case, EvalSuite

AT_ONCE = CONVERSATIONS
"""Cases that the slot is asked at the same time, as by a rollout; the others wait."""

HELD_SECONDS = 10.0


def looks(check: CanaryLook, surroundings: Surroundings) -> Iterator[tuple[str, Callable[[], Awaitable[Found]]]]:
    """Each case is looked at by itself: those in quarantine, and those that need a person, are left out."""
    asked = list(askable(check, surroundings))
    for suite, case in asked:
        yield f"{suite.name}/{case.id}", partial(look, suite, case, check.timeout_seconds, surroundings)
    if not asked:
        yield "", partial(nothing, surroundings.unloaded)


def askable(check: CanaryLook, surroundings: Surroundings) -> Iterator[tuple[EvalSuite, Case]]:
    """The cases that the live slot is asked, with their suites."""
    today = datetime.fromtimestamp(surroundings.now, UTC).date()
    for name, suite in surroundings.suites.items():
        wanted = name in check.suites if check.suites else suite.smoke
        if not wanted or suite.judge is not None or suite.agent not in surroundings.content.agents:
            continue
        for case in cases(suite):
            held_back = case.quarantine is not None and case.quarantine.expires >= today
            if not held_back and APPROVE not in case.vars:
                yield suite, case


async def nothing(unloaded: str) -> Found:
    """What a check of no case says."""
    if unloaded:
        raise NotMade(f"the suites of the commit that serves cannot be loaded: {unloaded}")
    raise NotMade("no case of its suites can be asked of the live slot; see suites of the check")


async def look(suite: EvalSuite, case: Case, seconds: float, surroundings: Surroundings) -> Found:
    """Asks one case. Raises Trouble with the assertion that does not hold.

    A look whose time is over ends when the slot has ended its answer, or HELD_SECONDS later: else the next case would
    begin while the slot is still busy with this one.
    """
    if surroundings.ask is None:
        raise Trouble(f"nothing runs here; moor up {surroundings.environment}")
    until = time.monotonic() + min(seconds, suite.timeout_seconds)
    conversation = Conversation(f"{suite.name}/{case.id}", suite.agent, case, until)
    answered = asyncio.get_running_loop().run_in_executor(None, held, conversation, surroundings.ask)
    try:
        replies = await asyncio.shield(answered)
    except asyncio.CancelledError:
        await asyncio.wait({answered}, timeout=HELD_SECONDS)
        raise
    if wrong := await problem(case, replies):
        raise Trouble(wrong)
    return Found(replies[-1].rung if replies else "")
