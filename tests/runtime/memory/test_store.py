"""Runs are shared, bounded in age, and claimed by one, on either database."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.store import KEPT_SECONDS, RunStore, StoredRun
from mooring.state.clock import now
from mooring.state.database import Database
from mooring.state.place.address import Address, url_of
from mooring.state.records.machine_table import MACHINES
from mooring.state.runs.runs import RUNS

RUN = StoredRun("run_1", "support", "sha256:0", "blue", "awaiting-approval", 1000.0, 1000.0, {"ä": 1}, b"[]")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def opened(url: str | Address) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


def test_a_run_comes_back_as_it_was(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as database:
            store = RunStore(database, Clock())
            await store.open("blue")
            await store.put(RUN)
            assert await store.get("run_1") == RUN
            changed = replace(RUN, status="done", messages=None, data={"tenant": "shop", "text": "\0 \ud83d"})
            await store.put(changed)
            assert await store.get("run_1") == changed
            assert await store.get("run_2") is None
            assert await store.get("run_\0") is None
            await store.remove("run_1")
            assert await store.get("run_1") is None

    asyncio.run(scene())


def test_a_run_is_added_once(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as blue, opened(database_url) as green:
            stores = [RunStore(database, Clock()) for database in (blue, green)]
            added = await asyncio.gather(*(stores[number % 2].add(RUN) for number in range(6)))
            assert sorted(added) == [False] * 5 + [True]

    asyncio.run(scene())


def test_of_two_slots_one_takes_a_waiting_run(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as one, opened(database_url) as other:
            blue, green = RunStore(one, Clock()), RunStore(other, Clock())
            await blue.open("blue")
            await green.open("green")
            await blue.put(RUN)
            taken = await asyncio.gather(
                *(store.claim("run_1", name) for store, name in ((blue, "blue"), (green, "green")))
            )
            assert sum(run is not None for run in taken) == 1

    asyncio.run(scene())


def test_old_runs_are_forgotten(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as database:
            clock = Clock()
            store = RunStore(database, clock)
            await store.put(RUN)
            clock.now += KEPT_SECONDS + 1
            await store.put(replace(RUN, id="run_2", updated=clock.now))
            assert await store.get("run_1") is None
            assert await store.get("run_2")

    asyncio.run(scene())


def test_a_slot_that_comes_back_ends_what_its_dead_process_left(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as database:
            store = RunStore(database, Clock())
            for name, slot, status in (("a", "blue", "running"), ("b", "green", "running"), ("c", "blue", "done")):
                await store.put(replace(RUN, id=name, slot=slot, status=status))
            await store.open("blue")
            ends = [run.status for name in "abc" if (run := await store.get(name))]
            assert ends == ["failed", "running", "done"]

    asyncio.run(scene())


def test_what_could_not_be_ended_at_the_start_is_ended_later_and_nothing_else(tmp_path: Path) -> None:
    async def scene() -> None:
        clock = Clock()
        async with opened(url_of(tmp_path / "state", None)) as before:
            await RunStore(before, clock).put(replace(RUN, status="running"))
        (tmp_path / "state").rename(tmp_path / "away")
        (tmp_path / "state").write_text("in the way")
        async with opened(url_of(tmp_path / "state", None)) as database:
            store = RunStore(database, clock)
            with pytest.raises(Problem):
                await store.open("blue")
            (tmp_path / "state").unlink()
            (tmp_path / "away").rename(tmp_path / "state")
            clock.now += 1
            await store.put(replace(RUN, id="run_2", status="running", updated=clock.now))
            await store.put(replace(RUN, id="run_3", status="running", updated=clock.now))
            ends = [run.status for name in "123" if (run := await store.get(f"run_{name}"))]
            assert ends == ["failed", "running", "running"]

    asyncio.run(scene())


def test_a_database_that_is_none_is_a_problem_and_not_a_crash(tmp_path: Path) -> None:
    async def scene() -> None:
        (tmp_path / "state.db").write_bytes(b"not a database" * 100)
        async with opened(url_of(tmp_path, None)) as database:
            store = RunStore(database, Clock())
            with pytest.raises(Problem, match="runs cannot be stored now"):
                await store.put(RUN)
            with pytest.raises(Problem, match="runs cannot be stored now"):
                await store.ping()

    asyncio.run(scene())


def test_a_run_is_ended_by_the_start_of_a_process_only_when_its_own_is_dead(database_url: str) -> None:
    """A slot has two processes while its spare one starts, or takes over."""

    async def scene(other: "subprocess.Popen[bytes]") -> None:
        async with opened(database_url) as database:
            store = RunStore(database, Clock())
            await store.put(replace(RUN, status="running"))
            await database.write(lambda connection: connection.execute(sa.update(RUNS).values(process=other.pid)))
            await store.open("blue")
            under_way = await store.get("run_1")
            assert under_way
            assert (under_way.status, under_way.data) == ("running", RUN.data)
            other.kill()
            other.wait()
            await store.open("blue")
            ended = await store.get("run_1")
            assert ended
            assert (ended.status, ended.data["error"]["code"]) == ("failed", "run_interrupted")

    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            asyncio.run(scene(other))
        finally:
            other.kill()


def test_a_run_of_another_machine_is_ended_only_once_that_machine_is_gone(database_url: str) -> None:
    async def scene() -> None:
        async with opened(database_url) as database:
            store = RunStore(database, Clock())
            await store.put(replace(RUN, status="running"))
            await database.write(lambda c: c.execute(sa.update(RUNS).values(machine="host2", process=2**22 + 1)))
            there = {"id": "m2", "host": "host2", "folder": "/state", "entry": 0, "ahead": 0.0, "beat": 1}
            await database.write(lambda c: c.execute(sa.insert(MACHINES), there | {"seen": now(c)}))
            await store.open("blue")
            under_way = await store.get("run_1")
            await database.write(lambda c: c.execute(sa.delete(MACHINES)))
            await store.open("blue")
            ended = await store.get("run_1")
            assert under_way
            assert ended
            assert (under_way.status, ended.status) == ("running", "failed")

    asyncio.run(scene())
