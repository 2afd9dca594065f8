"""Runs on disk are shared, bounded in age, and claimed by one."""

import asyncio
import sqlite3
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.store import KEPT_SECONDS, RunStore, StoredRun

RUN = StoredRun("run_1", "support", "sha256:0", "blue", "awaiting-approval", 1000.0, 1000.0, {"ä": 1}, b"[]")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_run_comes_back_as_it_was(tmp_path: Path):
    async def scene() -> None:
        store = RunStore(tmp_path / "deep" / "runs.db", Clock())
        await store.open("blue")
        await store.put(RUN)
        assert await store.get("run_1") == RUN
        assert await store.get("run_2") is None
        await store.close()

    asyncio.run(scene())


def test_of_two_slots_one_takes_a_waiting_run(tmp_path: Path):
    async def scene() -> None:
        blue, green = (RunStore(tmp_path / "runs.db", Clock()) for _ in range(2))
        await blue.open("blue")
        await green.open("green")
        await blue.put(RUN)
        taken = await asyncio.gather(
            *(store.claim("run_1", name) for store, name in ((blue, "blue"), (green, "green")))
        )
        assert sum(run is not None for run in taken) == 1
        await blue.close()
        await green.close()

    asyncio.run(scene())


def test_old_runs_are_forgotten(tmp_path: Path):
    async def scene() -> None:
        clock = Clock()
        store = RunStore(tmp_path / "runs.db", clock)
        await store.put(RUN)
        clock.now += KEPT_SECONDS + 1
        await store.put(replace(RUN, id="run_2", updated=clock.now))
        assert await store.get("run_1") is None
        assert await store.get("run_2")
        await store.close()

    asyncio.run(scene())


def test_a_slot_that_comes_back_ends_what_its_dead_process_left(tmp_path: Path):
    async def scene() -> None:
        store = RunStore(tmp_path / "runs.db", Clock())
        for name, slot, status in (("a", "blue", "running"), ("b", "green", "running"), ("c", "blue", "done")):
            await store.put(replace(RUN, id=name, slot=slot, status=status))
        await store.open("blue")
        ends = [run.status for name in "abc" if (run := await store.get(name))]
        assert ends == ["failed", "running", "done"]
        await store.close()

    asyncio.run(scene())


def test_a_database_that_is_none_is_a_problem_and_not_a_crash(tmp_path: Path):
    async def scene() -> None:
        (tmp_path / "runs.db").write_bytes(b"not a database" * 100)
        store = RunStore(tmp_path / "runs.db", Clock())
        with pytest.raises(Problem, match="runs cannot be stored now"):
            await store.put(RUN)
        await store.close()

    asyncio.run(scene())


def test_a_run_is_ended_by_the_start_of_a_process_only_when_its_own_is_dead(tmp_path: Path):
    """A slot has two processes while its spare one starts, or takes over."""

    async def scene(other: "subprocess.Popen[bytes]") -> None:
        path = tmp_path / "runs.db"
        store = RunStore(path, Clock())
        await store.put(replace(RUN, status="running"))
        with sqlite3.connect(path) as database:
            database.execute("update runs set data = json_set(data, '$.process', ?)", (other.pid,))
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
        await store.close()

    with subprocess.Popen(["sleep", "60"]) as other:
        try:
            asyncio.run(scene(other))
        finally:
            other.kill()
