"""The last good answers: bounded in memory, on disk across restarts, and never in the way."""

import asyncio
from pathlib import Path

import pytest

from mooring.runtime.core.turn import Turn
from mooring.runtime.memory import last_good
from mooring.runtime.memory.last_good import LastGoodStore, key
from mooring.state.database import Database
from mooring.state.engine.engine import url_of


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def said(store: LastGoodStore, key: str, age: float) -> str | None:
    saved = await store.get(key, age)
    return saved.text if saved else None


def test_questions_are_the_same_but_for_case_space_and_the_mark_at_the_end():
    same = {key("a", Turn(text)) for text in ("Where is it?", " where  IS it", "WHERE IS IT!")}
    assert len(same) == 1
    others = {key("b", Turn("where is it")), key("a", Turn("where is it", variables={"page": 1}))}
    assert not same & others


def test_an_answer_grows_too_old():
    async def scene() -> None:
        clock = Clock()
        store = LastGoodStore(clock=clock)
        store.put("k", "yes")
        clock.now += 3600
        assert await said(store, "k", 3600) == "yes"
        clock.now += 1
        assert await store.get("k", 3600) is None

    asyncio.run(scene())


def test_it_is_read_from_the_database_when_memory_was_shed_or_the_process_began_anew(database_url: str) -> None:
    async def scene() -> None:
        blue = Database(database_url)
        first = LastGoodStore(blue)
        first.put("k", "yes")
        first.shed()
        assert await said(first, "k", 60) == "yes"
        first.put("last", "words")
        await first.close()
        await blue.close()
        green = Database(database_url)
        second = LastGoodStore(green)
        assert await said(second, "k", 60) == "yes"
        assert await said(second, "last", 60) == "words"
        assert await second.get("other", 60) is None
        await green.close()

    asyncio.run(scene())


def test_the_oldest_answers_go_when_there_are_too_many(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_good, "STORED", 3)
    monkeypatch.setattr(last_good, "PRUNE_WRITES", 1)

    async def scene() -> None:
        database, clock = Database(database_url), Clock()
        store = LastGoodStore(database, clock)
        for number in range(5):
            clock.now += 1
            store.put(f"k{number}", "yes")
            await store.close()
        store.shed()
        found = [await store.get(f"k{number}", 60) is not None for number in range(5)]
        assert found == [False, False, True, True, True]
        await database.close()

    asyncio.run(scene())


def test_a_database_that_fails_is_done_without_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene() -> None:
        (tmp_path / "file").write_text("")
        database = Database(url_of(tmp_path / "file", None))
        store = LastGoodStore(database)
        assert await store.get("other", 60) is None
        store.put("k", "yes")
        assert await said(store, "k", 60) == "yes"
        (tmp_path / "file").unlink()
        store.put("k2", "not tried")
        monkeypatch.setattr(last_good, "RETRY_SECONDS", 0.0)
        store.put("k3", "yes")
        await store.close()
        store.shed()
        assert [await said(store, key, 60) for key in ("k2", "k3")] == [None, "yes"]
        await database.close()

    asyncio.run(scene())


def test_memory_and_the_length_of_texts_are_bounded(monkeypatch):
    monkeypatch.setattr(last_good, "IN_MEMORY", 3)

    async def scene() -> None:
        store = LastGoodStore()
        for number in range(5):
            store.put(f"k{number}", "yes")
        store.put("long", "x" * (last_good.LONGEST_TEXT + 1))
        found = [await store.get(name, 60) is not None for name in ("k0", "k1", "k2", "k3", "k4", "long")]
        assert found == [False, False, True, True, True, False]

    asyncio.run(scene())


def test_a_question_asked_a_lot_is_written_once_a_minute():
    async def scene() -> None:
        clock = Clock()
        store = LastGoodStore(clock=clock)
        store.put("k", "one")
        store.put("k", "two")
        assert await said(store, "k", 60) == "one"
        clock.now += last_good.REFRESH_SECONDS
        store.put("k", "three")
        assert await said(store, "k", 60) == "three"

    asyncio.run(scene())
