"""Runs that DBOS kept are taken over: those that ended, wait, are queued or were left by a dead process, with steps."""

import asyncio
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.state.database import Database
from mooring.state.engine.engine import FILE, engine
from mooring.state.runs import parts
from mooring.state.runs.parts import Part

OLD = Path(__file__).parent / "old"
"""The tables as version 0.1 left them when its processes were killed, in each database."""

HOME = {"sqlite": "b093abbe", "postgres": "7970791f"}
RUNS = ["run_done", "run_failed", "run_ticket", "ticket_ticket", "run_waiting", "run_parted", "run_due", "ticket_due"]
RUNS += ["run_cancelled", "run_pending"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    return made


@pytest.fixture(params=[("sqlite", "file"), ("postgres", "file"), ("postgres", "schema")], ids="-".join)
def laid(request: pytest.FixtureRequest, folder: Path) -> str:
    """The URL of either database, with the old tables where they were: in a file, or in a schema of PostgreSQL."""
    database, where = request.param
    url: str = f"sqlite:///{folder / FILE}" if database == "sqlite" else request.getfixturevalue("cluster").fresh()
    if where == "file":
        lay_file(folder)
    else:
        lay_schema(folder, url)
    return url


def lay_file(folder: Path) -> None:
    with sqlite3.connect(folder / "durable.db") as database:
        database.execute("pragma journal_mode = wal")
        database.executescript((OLD / "sqlite.sql").read_text())
    database.close()


def lay_schema(folder: Path, url: str) -> None:
    (folder / "executors").mkdir()
    (folder / "executors/.home").write_text(HOME["postgres"])
    opened = engine(url)
    with opened.begin() as connection:
        raw: Any = connection.connection.dbapi_connection
        raw.execute((OLD / "postgres.sql").read_text())
    opened.dispose()


def start(url: str, folder: Path) -> dict[str, tuple[list[Part], dict[str, Any]]]:
    """A process starts and ends; the runs that are in the database then, with the steps of the last part."""

    def read(connection: sa.Connection) -> dict[str, tuple[list[Part], dict[str, Any]]]:
        found = {run: parts.of_run(connection, run) for run in RUNS}
        return {run: (all_, parts.steps(connection, all_[-1])) for run, all_ in found.items() if all_}

    async def story() -> dict[str, tuple[list[Part], dict[str, Any]]]:
        database = Database(url, folder)
        found = await database.read(read)
        await database.close()
        return found

    return asyncio.run(story())


def test_every_run_is_taken_over_as_it_stood(laid: str, folder: Path) -> None:
    found = start(laid, folder)
    assert {run: (len(all_), all_[-1].status) for run, (all_, _) in found.items()} == {
        "run_done": (1, "done"),
        "run_failed": (1, "failed"),
        "run_ticket": (1, "done"),
        "ticket_ticket": (1, "queued"),
        "run_waiting": (1, "awaiting-approval"),
        "run_parted": (2, "awaiting-approval"),
        "run_due": (1, "done"),
        "ticket_due": (1, "queued"),
        "run_cancelled": (1, "failed"),
        "run_pending": (1, "running"),
    }
    assert not (folder / "durable.db").exists()
    [pending], steps = found["run_pending"]
    assert (pending.adopted, pending.slot, list(steps)) == (1, "blue", ["model:1"])
    assert str(pending.executor).startswith("blue-")
    assert (pending.asked["turn"]["message"], pending.data) == ("old pending", None)
    assert steps["model:1"]["response"]["parts"][0]["tool_name"] == "refund_order"
    [waiting], _ = found["run_waiting"]
    assert str(waiting.messages and waiting.messages.decode()).startswith('[{"parts":')
    assert [part.part for part in found["run_parted"][0]] == [0, 1]
    [due], [later] = found["ticket_due"][0], found["ticket_ticket"][0]
    assert due.not_before
    assert later.not_before
    assert later.not_before - due.not_before > 3000
    assert (due.executor, due.adopted) == (None, 0)
    assert '"code": "run_cancelled"' in str(found["run_cancelled"][0][0].data)
    assert str(found["run_cancelled"][0][0].data).count('"outcome": "done"') == 3
    assert '"text"' not in str(found["run_done"][0][0].request)


def test_nothing_is_taken_over_twice(laid: str, folder: Path) -> None:
    before = start(laid, folder)

    async def end() -> None:
        database = Database(laid, folder)
        [part], _ = before["run_pending"]
        assert await database.write(lambda connection: parts.close(connection, part, {"error": None}, part.updated))
        await database.write(lambda connection: parts.remove(connection, "ticket_due"))
        await database.close()

    asyncio.run(end())
    after = start(laid, folder)
    assert after["run_pending"][0][0].status == "failed"
    assert "ticket_due" not in after


def test_what_an_earlier_version_is_still_at_is_left_to_it(folder: Path, database_url: str) -> None:
    lay_file(folder)
    with sqlite3.connect(folder / "durable.db") as living:
        living.execute("select count(*) from workflow_status").fetchone()
        found = start(database_url, folder)
        assert {"run_done", "run_waiting"} <= set(found)
        assert not {"run_pending", "ticket_due", "ticket_ticket"} & set(found)
    living.close()
    assert set(start(database_url, folder)) == set(RUNS)


def test_what_a_living_process_is_at_in_the_server_is_left_to_it(folder: Path, cluster: Any) -> None:
    url = cluster.fresh()
    lay_schema(folder, url)
    alive = folder / "executors" / f"green-{HOME['postgres']}-{os.getpid()}-0000"
    alive.touch()
    found = start(url, folder)
    assert {"run_done", "run_waiting"} <= set(found)
    assert not {"run_pending", "ticket_due", "ticket_ticket"} & set(found)
    alive.unlink()
    assert set(start(url, folder)) == set(RUNS)


def test_runs_of_another_folder_in_the_same_server_are_left_to_it(folder: Path, cluster: Any) -> None:
    url = cluster.fresh()
    lay_schema(folder, url)
    (folder / "executors/.home").write_text("deadbeef")
    assert start(url, folder) == {}
