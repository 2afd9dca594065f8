"""Every turn of every conversation, written before anything is trimmed; shared by both slots."""

import os
import secrets
import time
from collections.abc import Callable, Sequence

from mooring.runtime.memory.storage import storing
from mooring.state.database import Database, T, Work
from mooring.state.processes import machine
from mooring.state.runs import conversations, turns
from mooring.state.runs.conversations import Claim, Header
from mooring.state.runs.turns import AddedBefore, NewTurn, StoredTurn

__all__ = ["Archive", "Header", "NewTurn", "StoredTurn"]


class Archive:
    """Methods raise Problem("storage_unavailable") when the database does not cooperate."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database, self._clock = database, clock
        self._me = f"{os.getpid()}-{secrets.token_hex(8)}@{machine()}"
        self._claimed: set[str] = set()

    async def claim(self, name: str, agent: str, seconds: float, keep_seconds: float) -> Header | None:
        """Takes a conversation for one turn, at most for `seconds`; None while another process has it.

        A new one is begun. What a dead process has taken is free.
        """
        now = self._clock()
        wish = Claim(name, agent, self._me, now, now + seconds, now + keep_seconds)
        self._claimed.add(name)
        return await self._write(lambda connection: conversations.claim(connection, wish))

    async def let_go(self, name: str) -> None:
        """Ends its own claim, unless a turn that was added has done that."""
        if name in self._claimed:
            self._claimed.discard(name)
            await self._write(lambda connection: conversations.let_go(connection, name, self._me))

    async def add(self, turn: NewTurn) -> bool:
        """Adds a turn and ends the claim; False when the run added it before."""
        try:
            await self._write(lambda connection: turns.add(connection, turn))
        except AddedBefore:
            return False
        self._claimed.discard(turn.conversation)
        return True

    async def header(self, name: str) -> Header | None:
        """A conversation, or None."""
        return await self._read(lambda connection: conversations.header(connection, name))

    async def positions(self, name: str, runs: Sequence[str]) -> dict[str, int]:
        """The numbers of the turns that `runs` added, by run; of those that added none there is none."""
        return await self._read(lambda connection: turns.positions(connection, name, runs))

    async def copy(self, name: str, branch: str, version: int, keep_until: float) -> None:
        """Begins `branch` with the turns of a conversation up to number `version`. Does nothing when it has begun."""
        now = self._clock()
        await self._write(lambda connection: turns.copy(connection, name, branch, version, now, keep_until))

    async def turns(self, name: str, after: int = 0, last: int = -1) -> list[StoredTurn]:
        """Turns in order: those with a number above `after`, and of these the `last` ones."""
        return await self._read(lambda connection: turns.turns(connection, name, after, last))

    async def delete(self, name: str) -> bool:
        """Deletes a conversation with all its turns; False when there is none."""
        return await self._write(lambda connection: turns.delete(connection, name))

    async def sweep(self, most: int = 100) -> int:
        """Deletes conversations whose time in the archive is over, at most so many; how many."""
        now = self._clock()
        names = await self._read(lambda connection: conversations.old(connection, now, most))
        for name in names:
            await self.delete(name)
        return len(names)

    async def _read(self, work: Work[T]) -> T:
        with storing("conversations"):
            return await self._database.read(work)

    async def _write(self, work: Work[T]) -> T:
        with storing("conversations"):
            return await self._database.write(work)
