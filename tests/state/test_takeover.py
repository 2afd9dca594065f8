"""A state folder of an earlier version is taken over at the first start, whole and once, whatever happens meanwhile."""

import asyncio
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from mooring.state.database import Database
from mooring.state.moving.move import Ends, move
from mooring.state.place.address import url_of
from mooring.state.runs import answers, conversations, runs, spend, turns
from mooring.state.runs.spend import Spent
from mooring.state.runs.turns import NewTurn
from mooring.state.transactions import Transactions
from tests.postgres import Cluster

NOW = time.time()

OLD = {
    "runs.db": """
        create table if not exists runs (
            id text primary key, agent text not null, release text not null, slot text not null, status text not null,
            created real not null, updated real not null, data text not null, messages blob
        ) strict;
        create index if not exists runs_updated on runs (updated);
        insert into runs values ('run_1', 'support', 'sha256:0', 'blue', 'awaiting-approval', 5.0, 6.0,
            '{"tenant": "shop", "text": "grüezi", "process": 4194304}', x'5b5d');
        insert into runs values ('run_2', 'support', 'sha256:0', 'blue', 'running', 5.0, 6.0,
            '{"process": 4194304}', null);
    """,
    "conversations.db": """
        create table if not exists conversations (
            id text primary key, agent text not null, created real not null, updated real not null,
            keep_until real not null, version integer not null, bytes integer not null, holder text,
            until real not null default 0
        ) strict, without rowid;
        create index if not exists conversations_keep_until on conversations (keep_until);
        create table if not exists turns (
            conversation text not null, version integer not null, run text not null, said real not null,
            messages blob not null, primary key (conversation, version), unique (conversation, run)
        ) strict, without rowid;
        insert into conversations values ('shop/c1', 'support', 1.0, 3.0, 99.0, 2, 4, null, 0);
        insert into turns values ('shop/c1', 1, 'run_a', 2.0, x'5b5d');
        insert into turns values ('shop/c1', 2, 'run_b', 3.0, x'5b5d');
    """,
    "answers.db": """
        create table if not exists answers (key text primary key, text text not null, saved real not null) strict;
        create index if not exists answers_saved on answers (saved);
        insert into answers values ('k1', 'yes', 5.0), ('k2', 'grüezi', 6.0);
    """,
    "spend.db": """
        create table if not exists spend (
            day text not null, tenant text not null, key text not null, agent text not null,
            calls integer not null, tokens integer not null, usd real not null, primary key (day, tenant, key, agent)
        ) strict, without rowid;
        insert into spend values ('2026-01-01', 'shop', 'site', 'support', 1, 10, 0.5);
        insert into spend values ('2026-01-02', 'shop', 'site', 'support', 2, 20, 1.0);
    """,
}
"""Each file as version 0.1 made it: its schema, and rows."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    for name in OLD:
        opened(made, name).close()
    return made


def opened(folder: Path, name: str) -> sqlite3.Connection:
    """A file as the earlier version opens it."""
    database = sqlite3.connect(folder / name, timeout=2, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    if not database.execute("select 1 from sqlite_master").fetchone():
        database.executescript(OLD[name])
    return database


async def everything(database: Database) -> dict[str, Any]:
    def read(connection: sa.Connection) -> dict[str, Any]:
        return {
            "runs": [runs.get(connection, name) for name in ("run_1", "run_2")],
            "header": conversations.header(connection, "shop/c1"),
            "turns": turns.turns(connection, "shop/c1", 0, -1),
            "answers": [answers.get(connection, key) for key in ("k1", "k2")],
            "spend": [spend.of_day(connection, day) for day in ("2026-01-01", "2026-01-02")],
        }

    return await database.read(read)


def start(url: str, folder: Path) -> dict[str, Any]:
    """A process starts and ends; what is in the database then."""

    async def story() -> dict[str, Any]:
        database = Database(url, folder)
        await database.open()
        found = await everything(database)
        await database.close()
        return found

    return asyncio.run(story())


def whole(found: dict[str, Any]) -> bool:
    assert [run.data for run in found["runs"]] == [{"tenant": "shop", "text": "grüezi"}, {}]
    assert (found["runs"][0].status, found["runs"][0].messages) == ("awaiting-approval", b"[]")
    assert found["header"] == conversations.Header("shop/c1", "support", 1.0, 3.0, 2, 4)
    assert [(turn.version, turn.said, turn.messages) for turn in found["turns"]] == [(1, 2.0, b"[]"), (2, 3.0, b"[]")]
    assert found["answers"] == [("yes", 5.0), ("grüezi", 6.0)]
    assert found["spend"] == [
        {("shop", "site", "support"): Spent(1, 10, 0.5)},
        {("shop", "site", "support"): Spent(2, 20, 1.0)},
    ]
    return True


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith("state.db")}


def test_everything_is_taken_over_and_the_files_are_renamed(folder: Path, database_url: str) -> None:
    assert whole(start(database_url, folder))
    assert names(folder) == {f"{name}.taken-over" for name in OLD}
    assert whole(start(database_url, folder))


def test_a_run_that_a_dead_process_left_is_ended_as_before(folder: Path, database_url: str) -> None:
    async def story() -> None:
        database = Database(database_url, folder)
        await database.write(lambda c: runs.end_left(c, "blue", {"code": "run_interrupted"}, NOW, NOW))
        ended = await database.read(lambda c: runs.get(c, "run_2"))
        assert ended
        assert (ended.status, ended.data["error"]["code"]) == ("failed", "run_interrupted")
        await database.close()

    asyncio.run(story())


@pytest.mark.slow
def test_what_a_process_of_the_earlier_version_still_writes_is_taken_over_too(folder: Path, database_url: str) -> None:
    blue = {name: opened(folder, name) for name in OLD}
    found = start(database_url, folder)
    assert (found["runs"][1].status, len(found["turns"]), found["spend"][0]) == ("running", 2, {})
    assert names(folder) >= set(OLD)

    async def go_on() -> None:
        """The new version's turn of a conversation that the earlier one is at as well."""
        green = Database(database_url)
        await green.write(lambda c: turns.add(c, NewTurn("shop/c1", "support", "run_d", b"[1]", time.time(), 99.0)))
        await green.close()

    asyncio.run(go_on())
    later = time.time() + 1
    blue["runs.db"].execute("update runs set status = 'done', updated = ? where id = 'run_2'", (later,))
    blue["conversations.db"].execute("update conversations set version = 3, updated = ?", (later,))
    blue["conversations.db"].execute("insert into turns values ('shop/c1', 3, 'run_c', ?, x'5b5d')", (later,))
    blue["answers.db"].execute("update answers set text = 'no', saved = ? where key = 'k1'", (later,))
    blue["spend.db"].execute("update spend set calls = calls + 1 where day = '2026-01-01'")
    start(database_url, folder)
    for connection in blue.values():
        connection.close()
    for found in (start(database_url, folder), start(database_url, folder)):
        assert found["runs"][1].status == "done"
        assert (found["header"].version, len(found["turns"])) == (4, 4)
        assert found["answers"][0] == ("no", later)
        assert found["spend"][0] == {("shop", "site", "support"): Spent(2, 10, 0.5)}
    assert names(folder) == {f"{name}.taken-over" for name in OLD}


def test_files_that_a_rollback_to_the_earlier_version_makes_are_taken_over(folder: Path, database_url: str) -> None:
    start(database_url, folder)
    for name in OLD:
        opened(folder, name).close()
    found = start(database_url, folder)
    assert found["spend"][0] == {("shop", "site", "support"): Spent(2, 20, 1.0)}
    assert (found["header"].version, len(found["turns"])) == (2, 2)
    assert names(folder) == {f"{name}.taken-over{more}" for name in OLD for more in ("", "-2")}


def test_a_file_that_cannot_be_read_stays_and_the_others_are_taken_over(folder: Path, database_url: str) -> None:
    (folder / "answers.db").write_bytes(b"not a database" * 100)
    (folder / "spend.db").unlink()
    (folder / "spend.db").touch()
    found = start(database_url, folder)
    assert found["answers"] == [None, None]
    assert len(found["turns"]) == 2
    assert names(folder) == {f"{name}.taken-over" for name in OLD} - {"answers.db.taken-over"} | {"answers.db"}


PROCESS = """
import asyncio, os, pathlib, signal, sys, time
from mooring.state.database import Database
url, folder, at, begin = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])
seen = [0]
def hook(event, arguments):
    if event in ("os.rename", "sqlite3.connect") or event == "mooring.step":
        seen[0] += 1
        if seen[0] == at:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
import sqlalchemy as sa
@sa.event.listens_for(sa.Engine, "after_cursor_execute")
def after(*told):
    if "taken_over" in told[2] or told[2].startswith("INSERT"):
        sys.audit("mooring.step")
@sa.event.listens_for(sa.Engine, "commit")
def commit(connection):
    sys.audit("mooring.step")
time.sleep(max(0, begin - time.time()))
async def main():
    database = Database(url, folder)
    await database.open()
    await database.close()
asyncio.run(main())
"""


def process(url: str, folder: Path, at: int = 0, begin: float = 0.0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROCESS, url, str(folder), str(at), str(begin)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("at", range(1, 31))
def test_a_process_killed_at_any_step_loses_nothing_and_doubles_nothing(
    folder: Path, database_url: str, at: int
) -> None:
    killed = process(database_url, folder, at)
    _, error = killed.communicate(timeout=60)
    assert killed.returncode == -9, error
    assert whole(start(database_url, folder))
    assert names(folder) == {f"{name}.taken-over" for name in OLD}


@pytest.mark.slow
def test_blue_and_green_that_start_at_once_take_over_once(folder: Path, database_url: str) -> None:
    begin = time.time() + 2
    started = [process(database_url, folder, begin=begin) for _ in range(3)]
    told = [each.communicate(timeout=60) for each in started]
    assert [each.returncode for each in started] == [0] * 3, told
    assert whole(start(database_url, folder))
    assert names(folder) == {f"{name}.taken-over" for name in OLD}


@pytest.mark.slow
def test_a_process_that_opens_the_place_that_was_left_takes_over_to_the_new_one(
    tmp_path: Path, folder: Path, cluster: Cluster
) -> None:
    """Copied to where nobody looks any more, and renamed, the files would be lost."""
    url = cluster.fresh()
    file = url_of(folder, None, "local", {"STATE_URL": url})
    server = url_of(folder, url, "local", {"STATE_URL": url})
    Transactions(file).read(lambda connection: None)
    move(Ends(file, server, "sqlite", "env:STATE_URL"), lambda _line: None)
    late = Transactions(file, folder)
    assert late.read(lambda connection: answers.get(connection, "k1")) == ("yes", 5.0)
    assert late.address == server
    assert [name for name in OLD if (folder / name).exists()] == []
    late.close()
