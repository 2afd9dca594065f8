"""Turns of conversations: one at a time, each with all that was said before, and kept when it is done."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from weakref import WeakValueDictionary

from pydantic_ai.messages import ModelMessage, ModelMessagesTypeAdapter, ModelRequest, SystemPromptPart, UserPromptPart

from mooring import spec
from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.core.prompt import Text
from mooring.runtime.core.record import Record
from mooring.runtime.core.turn import Answer, Turn, as_messages
from mooring.runtime.memory.conversations.archive import Archive, Header, NewTurn
from mooring.runtime.memory.conversations.name import own, scoped
from mooring.runtime.memory.conversations.recent import Recent, Remembered
from mooring.state.database import Database

MOST_BYTES = 4 * 2**20
"""Of one conversation, as JSON; a fuller one takes no further turn."""

_SHARE = 20
"""Messages in memory take about five times their JSON; so a quarter of the slot's memory is for them."""

_APOLOGY = "L4"
_WAITING = 10_000
_LOOK = 0.02
_GRACE = 5.0


class Conversations:
    """The conversations of a slot. `start` begins the sweep, `close` ends it."""

    def __init__(
        self, database: Database, profiles: Iterable[spec.Resilience], clock: Callable[[], float] = time.time
    ) -> None:
        policies = [profile.memory for profile in profiles] or [spec.resilience.Memory()]
        most_bytes = min(policy.limit_mib for policy in policies) * 2**20 // _SHARE
        self.archive = Archive(database, clock)
        self.recent = Recent(min(policy.max_conversations for policy in policies), most_bytes)
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._unsaved: deque[NewTurn] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def unsaved(self) -> int:
        """Turns that wait until the archive can be written again."""
        return len(self._unsaved)

    async def start(self) -> None:
        """Begins to sweep every second."""
        if self._task is None:
            self._task = asyncio.create_task(self._sweeping())

    async def close(self) -> None:
        """Writes what waits, if that is possible."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Problem):
            await self._save()

    def shed(self) -> None:
        """Evicts everything from memory; the archive has it."""
        saved = {waiting.conversation for waiting in self._unsaved}
        kept = [conversation for name in saved if (conversation := self.recent.get(name))]
        self.recent.clear()
        for conversation in kept:
            self.recent.put(conversation, self._clock())

    async def held(
        self, profile: spec.Resilience, turn: Turn, record: Record, work: Callable[[Turn], Awaitable[Answer]]
    ) -> Answer:
        """Does the work of a turn with what was said before it, and keeps what was said. Raises Problem.

        Turns of one conversation come one after the other, in both slots. One that waits for approval, or ends in
        an apology, is not kept: `add` does that when it comes to an end after all. One that follows another turn than
        the newest goes on in a conversation of its own, which begins with a copy.
        """
        if turn.conversation is None:
            return await work(turn)
        record.conversation = turn.conversation
        name = scoped(record.tenant, turn.conversation)
        async with self._turn(name, profile, record) as conversation:
            known = await self._position(conversation, turn, record.run)
            if known is None:
                return await self._said(conversation, profile, turn, record, work)
        record.conversation = own(record.run)
        branch, keep_until = scoped(record.tenant, record.conversation), self._clock() + _archive_seconds(profile)
        await self.archive.copy(name, branch, known, keep_until)
        async with self._turn(branch, profile, record) as conversation:
            return await self._said(conversation, profile, turn, record, work)

    async def begin(self, profile: spec.Resilience, record: Record, conversation: str, history: Iterable[Text]) -> None:
        """Begins a conversation with what the client says was said before. Raises Problem."""
        data = ModelMessagesTypeAdapter.dump_json(as_messages(history))
        name, run, now = scoped(record.tenant, conversation), f"{record.run}.history", self._clock()
        await self.archive.add(NewTurn(name, record.agent, run, data, now, now + _archive_seconds(profile)))

    async def _said(
        self,
        conversation: Remembered,
        profile: spec.Resilience,
        turn: Turn,
        record: Record,
        work: Callable[[Turn], Awaitable[Answer]],
    ) -> Answer:
        answer = await work(replace(turn, past=tuple(conversation.messages)))
        if answer.messages and not answer.approvals and record.rung != _APOLOGY:
            await self._keep(conversation, profile, record, answer.messages)
        return answer

    async def _position(self, conversation: Remembered, turn: Turn, run: str) -> int | None:
        """The number of the turn that another one follows; None when that is the newest. Raises Problem."""
        if not turn.after:
            return None
        numbers = await self.archive.positions(conversation.id, (turn.after, run))
        if turn.after not in numbers:
            words = "what came before is not kept any more: begin a new conversation"
            raise Problem("previous_response_not_found", words, "previous_response_id")
        number = numbers[turn.after]
        return None if number == conversation.version or run in numbers else number

    async def add(self, profile: spec.Resilience, record: Record, messages: Sequence[ModelMessage]) -> None:
        """Keeps the turn of a run that came to an end after its request did, if it is one of a conversation.

        A run adds one turn, however often it is told to. Raises Problem.
        """
        if record.conversation is not None:
            name = scoped(record.tenant, record.conversation)
            async with self._turn(name, profile, record, profile.deadline_seconds) as conversation:
                await self._keep(conversation, profile, record, messages)

    async def delete(self, tenant: str, conversation: str) -> None:
        """Deletes a tenant's conversation, in memory and in the archive. Raises Problem when there is none."""
        name = scoped(tenant, conversation)
        self.recent.drop(name)
        self._unsaved = deque(waiting for waiting in self._unsaved if waiting.conversation != name)
        if not await self.archive.delete(name):
            raise Problem("conversation_not_found", f"there is no conversation {conversation[:64]!r}")

    @asynccontextmanager
    async def _turn(
        self, name: str, profile: spec.Resilience, record: Record, most: float | None = None
    ) -> AsyncGenerator[Remembered]:
        """Waits at most `most` seconds for its turn, or as long as the run has."""
        seconds = record.budget.left() if most is None else most
        lock = self._turns.setdefault(name, asyncio.Lock())
        try:
            async with asyncio.timeout(seconds):
                await lock.acquire()
        except TimeoutError:
            raise Problem("conversation_busy", "another turn of this conversation is under way") from None
        try:
            conversation = await self._opened(name, profile, record, seconds)
            try:
                yield conversation
            finally:
                with suppress(Problem):
                    await self.archive.let_go(name)
        finally:
            lock.release()

    async def _opened(self, name: str, profile: spec.Resilience, record: Record, seconds: float) -> Remembered:
        """The conversation as it is now, whoever added to it last."""
        known, agent = self.recent.get(name), record.agent
        if known is None and name == scoped(record.tenant, own(record.run)):
            known = self._new(name, agent, self._clock(), profile)  # nobody else can have begun it
        try:
            await self._save()
            header = await self._claimed(name, agent, profile, seconds)
        except Problem as problem:
            if problem.code != "storage_unavailable" or known is None:
                raise
            LOGGER.warning("conversation goes on without its archive", extra={"conversation": name})
            header = Header(name, known.agent, known.created, 0, known.version, known.bytes)
        if header.agent != agent:
            raise Problem("conversation_of_another_agent", f"this conversation is with {header.agent!r}", "model")
        if header.bytes > MOST_BYTES:
            raise Problem("conversation_full", "this conversation is full; begin a new one")
        return await self._current(known, header, profile)

    async def _claimed(self, name: str, agent: str, profile: spec.Resilience, seconds: float) -> Header:
        end = self._clock() + seconds
        keep = _archive_seconds(profile)
        while (header := await self.archive.claim(name, agent, seconds + _GRACE, keep)) is None:
            if self._clock() > end:
                raise Problem("conversation_busy", "another turn of this conversation is under way")
            await asyncio.sleep(_LOOK)
        return header

    async def _current(self, known: Remembered | None, header: Header, profile: spec.Resilience) -> Remembered:
        if known is None or known.created != header.created or known.version > header.version:
            known = self._new(header.id, header.agent, header.created, profile)
        if known.version < header.version:
            for turn in await self.archive.turns(header.id, known.version):
                known.add(ModelMessagesTypeAdapter.validate_json(turn.messages), len(turn.messages))
        known.version = header.version
        return known

    def _new(self, name: str, agent: str, created: float, profile: spec.Resilience) -> Remembered:
        return Remembered(name, agent, created, profile.memory.idle_minutes * 60)

    async def _keep(
        self, conversation: Remembered, profile: spec.Resilience, record: Record, messages: Sequence[ModelMessage]
    ) -> None:
        """Into the archive first; when it cannot take the turn now, it waits in memory."""
        said, now = turn_of(messages), self._clock()
        data = ModelMessagesTypeAdapter.dump_json(said)
        keep_until = now + _archive_seconds(profile)
        turn = NewTurn(conversation.id, conversation.agent, record.run, data, now, keep_until)
        record.remembered = True
        try:
            added = await self.archive.add(turn)
        except Problem:
            LOGGER.exception("turn waits for the archive", extra={"conversation": conversation.id})
            added = True
            self._unsaved.append(turn)
            while len(self._unsaved) > _WAITING:
                self._unsaved.popleft()
        if added:
            conversation.add(said, len(data))
        self.recent.put(conversation, now)

    async def _save(self) -> None:
        """Writes turns that wait, the oldest first. Raises Problem."""
        while self._unsaved:
            waiting = self._unsaved[0]
            await self.archive.add(waiting)
            if self._unsaved and self._unsaved[0] is waiting:
                self._unsaved.popleft()

    async def sweep(self) -> None:
        """Evicts idle conversations from memory, and deletes old ones from the archive."""
        for name in self.recent.idle(self._clock()):
            self.recent.drop(name)
        await self._save()
        await self.archive.sweep()

    async def _sweeping(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                await self.sweep()
            except Problem as problem:
                LOGGER.warning("conversations: %s", problem)


def _archive_seconds(profile: spec.Resilience) -> float:
    return profile.memory.archive_days * 86400


def turn_of(messages: Sequence[ModelMessage]) -> list[ModelMessage]:
    """The last turn of a run's messages: from the user's last message on, without the prompt's own."""
    for start in range(len(messages) - 1, -1, -1):
        parts = messages[start].parts
        users = [index for index, part in enumerate(parts) if isinstance(part, UserPromptPart)]
        first = messages[start]
        if users and isinstance(first, ModelRequest):
            said = [part for part in first.parts[users[-1] :] if not isinstance(part, SystemPromptPart)]
            return [replace(first, parts=said), *messages[start + 1 :]]
    return list(messages)
