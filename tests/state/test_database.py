"""Transactions are whole, bounded in number and in waiting, and never in the way of the event loop."""

import asyncio
import sqlite3
import time
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.state import database
from mooring.state.database import Database
from mooring.state.engine.engine import file_of, url_of
from mooring.state.runs import answers
from mooring.state.unavailable import TooNew, Unavailable
from tests.postgres import Cluster


def put(key: str, text: str = "yes") -> database.Work[None]:
    return lambda connection: answers.put(connection, key, "", text, 1.0)


def get(key: str) -> database.Work[tuple[str, float] | None]:
    return lambda connection: answers.get(connection, key)


def test_what_is_written_is_read_by_another_process(database_url: str) -> None:
    async def story() -> None:
        blue, green = Database(database_url), Database(database_url)
        await blue.write(put("k", "grüezi\x00\udcff"))
        assert await green.read(get("k")) == ("grüezi\x00\udcff", 1.0)
        await blue.close()
        await green.close()

    asyncio.run(story())


def test_work_that_fails_leaves_nothing(database_url: str) -> None:
    async def story() -> None:
        kept = Database(database_url)

        def fail(connection: sa.Connection) -> None:
            answers.put(connection, "k", "", "half", 1.0)
            raise KeyError("a bug")

        with pytest.raises(KeyError, match="a bug"):
            await kept.write(fail)
        assert await kept.read(get("k")) is None
        await kept.close()

    asyncio.run(story())


def test_writes_of_both_slots_at_once_are_all_done(database_url: str) -> None:
    async def story() -> None:
        slots = [Database(database_url), Database(database_url)]
        await asyncio.gather(*(slots[number % 2].write(put(f"k{number}")) for number in range(200)))
        assert (
            await slots[0].read(lambda connection: connection.exec_driver_sql("select count(*) from answers").scalar())
            == 200
        )
        for slot in slots:
            await slot.close()

    asyncio.run(story())


def test_an_error_is_of_one_kind_and_says_nothing_that_a_user_wrote(database_url: str) -> None:
    async def story() -> None:
        kept = Database(database_url)
        with pytest.raises(Unavailable) as told:
            await kept.write(
                lambda connection: connection.execute(
                    sa.text("insert into nowhere values (:value)"), {"value": "secret"}
                )
            )
        assert "nowhere" in str(told.value)
        assert "secret" not in str(told.value)
        assert "\n" not in str(told.value)
        await kept.close()
        with pytest.raises(Unavailable, match="closed"):
            await kept.read(get("k"))

    asyncio.run(story())


def test_tables_of_a_newer_version_are_said_to_be_that(database_url: str) -> None:
    async def story() -> None:
        old = Database(database_url)
        later = "insert into versions values (99, 'later', 0, 0.0)"
        await old.write(lambda connection: connection.exec_driver_sql(later))
        await old.close()
        again = Database(database_url)
        with pytest.raises(TooNew, match="newer version"):
            await again.open()
        await again.close()

    asyncio.run(story())


@pytest.mark.slow
def test_the_loop_goes_on_while_another_holds_the_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each writer waits for as long as one may, not for as long as all before it do."""
    monkeypatch.setattr(database, "PATIENCE", 0.5)

    async def story() -> None:
        kept = Database(url_of(tmp_path, None))
        await kept.write(put("k"))
        other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
        other.execute("begin immediate")
        started, ticks = time.monotonic(), 0
        writes = [asyncio.ensure_future(kept.write(put(f"k{number}"))) for number in range(20)]
        while not all(write.done() for write in writes):
            await asyncio.sleep(0.01)
            ticks += 1
            assert await kept.read(get("k")) == ("yes", 1.0)
        assert time.monotonic() - started < 3
        assert ticks > 30
        assert all(isinstance(write.exception(), Unavailable) for write in writes)
        other.execute("rollback")
        await kept.write(put("after"))
        await kept.close()
        other.close()

    asyncio.run(story())


def test_more_than_may_wait_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "MOST", 5)

    async def story() -> None:
        kept = Database(url_of(tmp_path, None))
        done = await asyncio.gather(*(kept.write(put(f"k{number}")) for number in range(9)), return_exceptions=True)
        refused = [each for each in done if isinstance(each, Unavailable)]
        assert 0 < len(refused) <= 4
        await kept.write(put("k"))
        await kept.close()

    asyncio.run(story())


def test_the_file_is_for_its_owner_alone_and_begun_again_when_it_is_deleted(tmp_path: Path) -> None:
    async def story() -> None:
        kept = Database(url_of(tmp_path / "deep", None))
        await kept.write(put("k"))
        for path in (tmp_path / "deep").iterdir():
            assert path.stat().st_mode & 0o077 == 0
            path.unlink()
        assert await kept.read(get("k")) is None
        await kept.write(put("k", "again"))
        assert await kept.read(get("k")) == ("again", 1.0)
        await kept.close()

    asyncio.run(story())


def test_a_file_that_is_none_and_a_missing_database_are_unavailable(tmp_path: Path) -> None:
    async def story() -> None:
        (tmp_path / "state.db").write_bytes(b"not a database" * 100)
        for url in (url_of(tmp_path, None), None):
            kept = Database(url)
            with pytest.raises(Unavailable):
                await kept.write(put("k"))
            await kept.close()

    asyncio.run(story())


@pytest.mark.slow
def test_a_server_that_was_down_is_used_again(cluster: Cluster) -> None:
    async def story() -> None:
        url = cluster.fresh()
        kept = Database(url)
        await kept.write(put("k"))
        cluster.stop()
        try:
            with pytest.raises(Unavailable, match=r"^the database cannot be reached$"):
                await kept.write(put("lost"))
            fresh = Database(url)
            with pytest.raises(Unavailable, match=r"^the database cannot be reached$"):
                await fresh.write(put("lost"))
            await fresh.close()
        finally:
            cluster.start()
        await kept.write(put("k2"))
        assert await kept.read(get("k")) == ("yes", 1.0)
        assert await kept.read(get("lost")) is None
        await kept.close()

    asyncio.run(story())


def test_a_url_names_the_file_or_the_server(tmp_path: Path) -> None:
    assert file_of(url_of(tmp_path, None)) == tmp_path / "state.db"
    assert file_of(url_of(tmp_path, "postgresql://one@host/db")) is None
