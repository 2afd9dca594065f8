"""A question with a known answer, asked now and then while the slot is live: whether agents still behave."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable

from mooring.runtime.core.problems import Problem
from mooring.runtime.watch.health.check import Check, Clock, Seen
from mooring.simulated import stands_in
from mooring.spec.resilience import Canary as Policy

Ask = Callable[[str, str], Awaitable[str]]
"""The text an agent answers to a message. Raises Problem."""

LATE = 2.5
"""A canary that was not asked for so many of its intervals says nothing any more."""


class Canary:
    """Asks one agent. Costs what a request costs, so nothing but time makes it ask."""

    def __init__(self, agent: str, policy: Policy, ask: Ask, live: Callable[[], bool], clock: Clock = time.monotonic):
        self.agent, self.policy = agent, policy
        self._ask, self._live, self._clock = ask, live, clock
        self._seen: Seen | None = None
        self._at = 0.0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins to ask, in the background."""
        self._task = asyncio.create_task(self._go_on(), name=f"canary-{self.agent}")

    def stop(self) -> None:
        """Asks no more."""
        if self._task:
            self._task.cancel()

    def check(self, deadline: float) -> Check:
        """What it last said. `deadline` is the most seconds that an answer may take."""
        return Check("behaviour", f"canary:{self.agent}", self._look, threshold=deadline, clock=self._clock)

    async def ask(self) -> None:
        """Asks once, and remembers how it went."""
        started = self._clock()
        try:
            answer = await self._ask(self.agent, self.policy.say)
            well = re.search(self.policy.expect, answer) is not None or stands_in(answer)
            detail = "" if well else f"the answer has no match of {self.policy.expect!r}"
        except Problem as problem:
            well, detail = False, problem.code
        self._at = self._clock()
        self._seen = Seen(well, detail, self._at - started)

    async def _look(self) -> Seen:
        return self.seen()

    def seen(self) -> Seen:
        """How it went last."""
        if self._seen is None:
            return Seen(True, "not asked yet" if self._live() else "asked only while the slot is live", 0.0)
        age = self._clock() - self._at
        if self._live() and age > LATE * self.policy.every_seconds:
            return Seen(False, f"was not asked for {age:.0f} s", self._seen.value, age)
        return Seen(self._seen.ok, self._seen.detail, self._seen.value, age)

    async def _go_on(self) -> None:
        while True:
            if self._live():
                await self.ask()
                await asyncio.sleep(self.policy.every_seconds)
            else:
                await asyncio.sleep(1)
