"""Conversations leave memory when nobody uses them, and the archive when their time is over."""

import asyncio
import os
from typing import Any

import pytest
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, SystemPromptPart, TextPart, UserPromptPart

from mooring.runtime.core.record import Budget, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.conversations import archive
from mooring.runtime.memory.conversations.archive import Archive
from mooring.runtime.memory.conversations.conversations import Conversations, turn_of
from mooring.runtime.memory.conversations.recent import Recent, Remembered
from mooring.spec import Resilience
from mooring.state.database import Database

DAY = 86400.0


def profile(**memory: Any) -> Resilience:
    return Resilience(
        api_version="mooring/v1",
        kind="Resilience",
        name="p",
        version="1.0.0",
        description="p",
        owner="@p",
        memory=memory,
    )


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def said(text: str) -> tuple[ModelMessage, ...]:
    return (ModelRequest(parts=[UserPromptPart(text)]), ModelResponse(parts=[TextPart(f"re: {text}")]))


async def talk(conversations: Conversations, policy: Resilience, name: str, text: str) -> tuple[ModelMessage, ...]:
    """Says something; what the model is given of the past."""
    seen: list[tuple[ModelMessage, ...]] = []

    async def work(turn: Turn) -> Answer:
        seen.append(turn.past)
        return Answer("", "stop", (*turn.past, *said(text)))

    record = Record(f"run-{name}-{text}", "support", Budget(5))
    await conversations.held(policy, Turn(text, conversation=name), record, work)
    return seen[0]


def test_idle_conversations_leave_memory_and_the_archive_stays(database_url: str) -> None:
    async def scenario() -> None:
        database = Database(database_url)
        clock, policy = Clock(), profile(idle_minutes=30, archive_days=1)
        conversations = Conversations(database, [policy], clock)
        await talk(conversations, policy, "a", "one")
        clock.now += 29 * 60
        await conversations.sweep()
        assert len(conversations.recent) == 1
        clock.now += 2 * 60
        await conversations.sweep()
        assert len(conversations.recent) == 0
        assert len(await talk(conversations, policy, "a", "two")) == 2
        await conversations.close()
        await database.close()

    asyncio.run(scenario())


def test_the_archive_keeps_every_message_for_its_days_and_no_longer(database_url: str) -> None:
    async def scenario() -> None:
        database = Database(database_url)
        clock, policy = Clock(), profile(archive_days=2)
        conversations = Conversations(database, [policy], clock)
        for number in range(50):
            await talk(conversations, policy, "a", f"turn {number}")
        assert len(await conversations.archive.turns("a")) == 50
        clock.now += 1.9 * DAY
        await talk(conversations, policy, "b", "later")
        await conversations.sweep()
        assert len(await conversations.archive.turns("a")) == 50
        clock.now += 0.2 * DAY
        await conversations.sweep()
        assert await conversations.archive.header("a") is None
        assert await conversations.archive.turns("a") == []
        assert len(await conversations.archive.turns("b")) == 1
        await conversations.close()
        await database.close()

    asyncio.run(scenario())


def test_a_run_adds_its_turn_once_however_often_it_ends(database_url: str) -> None:
    async def scenario() -> None:
        database = Database(database_url)
        policy = profile()
        conversations = Conversations(database, [policy])
        record = Record("run-1", "support", Budget(5), conversation="a")
        for _ in range(2):
            await conversations.add(policy, record, said("one"))
        assert len(await conversations.archive.turns("a")) == 1
        assert len(await talk(conversations, policy, "a", "two")) == 2
        await conversations.close()
        await database.close()

    asyncio.run(scenario())


def test_memory_is_bounded_in_number_and_in_size() -> None:
    recent = Recent(3, 1000)
    for number in range(5):
        recent.put(Remembered(str(number), "support", 0, 60, bytes=100), number)
    assert [recent.get(str(number)) is None for number in range(5)] == [True, True, False, False, False]
    recent.put(Remembered("large", "support", 0, 60, bytes=950), 9)
    assert len(recent) == 1


def test_a_turn_is_what_came_from_the_users_last_message_on() -> None:
    head = ModelRequest(parts=[SystemPromptPart("You serve."), UserPromptPart("first")])
    last = said("second")

    assert [type(part) for part in turn_of([head])[0].parts] == [UserPromptPart]
    assert turn_of([head, said("first")[1], *last]) == list(last)


def test_a_conversation_that_a_process_of_another_machine_has_is_not_taken(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story() -> None:
        database = Database(database_url)
        with monkeypatch.context() as patch:
            patch.setattr(archive, "machine", lambda: "elsewhere")
            patch.setattr(os, "getpid", lambda: 4194304)  # there is no such process here
            there = Archive(database)
        here = Archive(database)
        assert await there.claim("shop/c", "support", 60, 600)
        assert await here.claim("shop/c", "support", 60, 600) is None
        await there.let_go("shop/c")
        assert await here.claim("shop/c", "support", 60, 600)
        await database.close()

    asyncio.run(story())
