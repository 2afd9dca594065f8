"""Runs an agent on a turn of a conversation, measured, traced and logged."""

from collections.abc import Awaitable, Callable

from mooring.runtime.agent.agents import Agents
from mooring.runtime.agent.served import OnText, Served
from mooring.runtime.core.record import CURRENT, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.conversations.conversations import Conversations
from mooring.runtime.watch.observer import Observer


class Runner:
    """Joins the agents of a slot with the conversations they have and with whoever observes their runs."""

    def __init__(self, agents: Agents, conversations: Conversations, observer: Observer) -> None:
        self.agents, self.conversations, self._observer = agents, conversations, observer

    async def answer(self, agent: str, message: str) -> str:
        """The text an agent answers to a message; for probes and canaries. Raises Problem."""
        served = self.agents.get(agent)
        record = self.agents.record(served)
        record.probe = True
        return (await self.run(served, Turn(message), record)).text

    async def run(self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None) -> Answer:
        """Runs an agent on a turn, observed. Raises Problem."""
        return await self.observed(record, lambda: self.turn(served, turn, record, on_text))

    async def turn(self, served: Served, turn: Turn, record: Record, on_text: OnText | None = None) -> Answer:
        """The answer to a turn, with all that was said before when it has a conversation. Raises Problem."""
        return await self.conversations.held(served.profile, turn, record, lambda whole: served.run(whole, on_text))

    async def observed(self, record: Record, work: Callable[[], Awaitable[Answer]]) -> Answer:
        """Does the work of a run in its context; counts and logs how it ended."""
        token = CURRENT.set(record)
        try:
            with self._observer.run(record):
                return await work()
        finally:
            CURRENT.reset(token)
