"""Long-term memory: what agents were told to remember of a user, across conversations and releases."""

import time
from collections.abc import Callable

from mooring.state.database import Database
from mooring.state.runs import memories
from mooring.state.runs.memories import Limits, Memory, Owner
from mooring.state.runs.wording import Terms, folded, ranked

__all__ = ["Limits", "Memories", "Memory", "Owner", "nearest"]


class Memories:
    """Methods raise `state.unavailable.Unavailable` when the database does not cooperate."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock

    async def remember(self, owner: Owner, text: str, by: tuple[str, str, str], limits: Limits) -> Memory:
        """Keeps a text. `by` is the agent, its release and its run."""
        memory = Memory.new(owner, text, by, self._clock(), limits.seconds)
        await self._database.write(lambda connection: memories.remember(connection, memory, limits))
        return memory

    async def recall(self, owner: Owner, query: str, most: int) -> list[Memory]:
        """What has to do with `query`, the best first; the newest where it has no words."""
        now = self._clock()
        return await self._database.read(lambda connection: memories.recall(connection, owner, query, most, now))


def nearest(texts: list[str], query: str, most: int) -> list[str]:
    """The same among the memories of a rehearsal, of which the last is the newest."""
    terms = Terms(query)
    if not terms:
        return texts[::-1][:most]
    best = ranked(terms, [(folded(text), float(number)) for number, text in enumerate(texts)])
    return [texts[index] for index in best[:most]]
