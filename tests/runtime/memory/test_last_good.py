"""The last good answers: bounded in memory, on disk across restarts, and never in the way."""

import asyncio

from mooring.runtime.core.turn import Turn
from mooring.runtime.memory import last_good
from mooring.runtime.memory.last_good import LastGoodStore, key


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


def test_it_is_read_from_disk_when_memory_was_shed_or_the_process_began_anew(tmp_path):
    async def scene() -> None:
        first = LastGoodStore(tmp_path / "state" / "answers.db")
        first.put("k", "yes")
        first.shed()
        assert await said(first, "k", 60) == "yes"
        await first.close()
        second = LastGoodStore(tmp_path / "state" / "answers.db")
        assert await said(second, "k", 60) == "yes"
        assert await second.get("other", 60) is None
        await second.close()

    asyncio.run(scene())
    assert (tmp_path / "state" / "answers.db").stat().st_mode & 0o077 == 0


def test_a_disk_that_fails_is_done_without(tmp_path):
    async def scene() -> None:
        (tmp_path / "file").write_text("")
        store = LastGoodStore(tmp_path / "file" / "answers.db")
        assert await store.get("other", 60) is None
        store.put("k", "yes")
        assert await said(store, "k", 60) == "yes"
        await store.close()

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
