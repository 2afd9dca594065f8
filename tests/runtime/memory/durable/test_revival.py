"""A run that a process cannot go on with costs no other run anything, and is not passed around for ever."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.runtime.memory.durable import adoption
from mooring.runtime.memory.durable.adoption import MOST, ROOM, Adoption
from mooring.runtime.memory.durable.executors import Executors
from mooring.state.database import Database
from mooring.state.runs import checkpoints, executors, parts, queue
from mooring.state.runs.checkpoints import Change
from mooring.state.runs.parts import FAILED, QUEUED, RUNNING, Key, Part
from mooring.state.runs.queue import Room

NAMES = ("dead", "silent", "back")


class Host:
    """Goes on with every run but the one called `bad`."""

    def __init__(self) -> None:
        self.revived: set[Key] = set()

    async def serves(self, _release: str) -> bool:
        return True

    def room(self) -> Room:
        return ROOM

    def revive(self, part: Part, _recorded: Mapping[str, Any]) -> None:
        if part.run == "bad":
            raise TypeError("a request of another version")
        self.revived.add((part.run, part.part))

    def under_way_but(self, _owned: set[Key]) -> list[Change]:
        return []

    def knows(self, key: Key) -> bool:
        return key in self.revived

    def let_go(self, key: Key, gone: bool) -> None: ...


def begun(run: str) -> Change:
    head = {"run": run, "part": 0, "tenant": "bank", "agent": "support", "release": "sha256:0", "created": 1.0}
    return Change(run, 0, 0, head)


@pytest.mark.slow
def test_a_run_that_cannot_be_gone_on_with_is_given_up_and_the_others_go_on(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(adoption, "LOOK_SECONDS", 0.01)

    async def scene() -> None:
        database, host, here = Database(database_url), Host(), Executors(tmp_path / "state")
        here.enrol("blue")
        runs = ("bad", "good", "well")
        await database.write(lambda c: checkpoints.write(c, "dead", "blue", [begun(run) for run in runs]))
        await database.write(lambda c: queue.abandon(c, "dead", MOST))
        looking = asyncio.create_task(Adoption(database, here, "blue", shared=False, host=host).watch())

        async def last(run: str) -> Part:
            found = await database.read(lambda c: parts.last(c, run))
            assert found
            return found

        async with asyncio.timeout(10):
            while (await last("bad")).status != FAILED:  # noqa: ASYNC110 - another task changes the database
                await asyncio.sleep(0.05)
        bad, others = await last("bad"), [await last(run) for run in ("good", "well")]
        assert "run_crashed" in (bad.data or "")
        assert [(each.status, each.adopted, each.executor) for each in others] == [(RUNNING, 1, here.mine)] * 2
        looking.cancel()
        await database.close()

    asyncio.run(scene())


@pytest.mark.slow
def test_the_runs_of_a_process_that_has_renewed_its_lease_meanwhile_are_left_to_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the database was away, all processes come back at about the same time."""

    async def scene() -> None:
        database, here = Database(database_url), Executors(tmp_path / "state")
        here.enrol("blue")
        await database.write(lambda c: checkpoints.write(c, "other", "blue", [begun("run_1")]))
        found = executors.lapsed

        def late(connection: Any) -> set[str]:
            names = found(connection)
            executors.renew(connection, "other", "there", 60.0)
            return names | {"other"}

        monkeypatch.setattr(executors, "lapsed", late)
        adopting = Adoption(database, here, "blue", shared=True, host=Host())
        for _ in range(adoption.LAPSED_TIMES + 1):
            await adopting.sweep()
        part = await database.read(lambda c: parts.last(c, "run_1"))
        assert part
        assert (part.status, part.executor) == (RUNNING, "other")
        await database.close()

    asyncio.run(scene())


def test_runs_of_a_process_that_is_known_to_be_dead_go_on_at_the_first_look(database_url: str, tmp_path: Path) -> None:
    """The lease of one that was merely not heard of must be over at three looks."""

    async def scene() -> None:
        database, here = Database(database_url), Executors(tmp_path / "state")
        here.enrol("blue")

        def work(connection: sa.Connection) -> None:
            for name in NAMES:
                checkpoints.write(connection, name, "blue", [begun(f"run_{name}")])
                executors.renew(connection, name, "there", 60.0)

        await database.write(work)
        assert await database.read(executors.busy) == {"dead": "there", "silent": "there", "back": "there"}
        await database.write(lambda c: executors.bury(c, "dead"))
        await database.write(lambda c: executors.bury(c, "back"))
        assert await database.read(executors.busy) == {"silent": "there"}
        await database.write(lambda c: executors.renew(c, "silent", "there", 0.0))
        await database.write(lambda c: executors.renew(c, "back", "there", 60.0))
        adopting = Adoption(database, here, "blue", shared=True, host=Host())

        async def statuses() -> list[str]:
            found = await database.read(lambda c: [parts.last(c, f"run_{name}") for name in NAMES])
            return [each.status for each in found if each]

        await adopting.sweep()
        assert await statuses() == [QUEUED, RUNNING, RUNNING]
        for _ in range(adoption.LAPSED_TIMES - 1):
            await adopting.sweep()
        assert await statuses() == [QUEUED, QUEUED, RUNNING]
        await database.close()

    asyncio.run(scene())
