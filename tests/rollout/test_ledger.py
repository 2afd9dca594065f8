"""The ledger keeps what it was told, and notices when somebody else wrote in it, on each engine."""

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.rollout import lease
from mooring.rollout.ledger import Entry, Ledger
from mooring.rollout.state import Kind, Requested, Side, State, Switched
from mooring.state.place.location import Location
from mooring.state.records import leases
from mooring.state.records.leases import Lease
from mooring.state.records.statements import Statements
from tests.postgres import Cluster

Sql = Callable[[str], None]


@pytest.fixture
def location(everywhere: Location) -> Location:
    return everywhere


@pytest.fixture
def written(ledger: Ledger) -> Ledger:
    """Four entries."""
    ledger.append("local", 1, "ann", Requested(1, Kind.DEPLOY, "sha256:a", commit="c1"), State())
    ledger.append("local", 1, "ann", Switched(2, 0.4), State(live=Side("blue", "sha256:a")))
    ledger.append("local", 2, "bob", Requested(3, Kind.DEPLOY, "sha256:a", commit="c2"), State())
    ledger.append("local", 2, "bob", Switched(4, 0.4), State(live=Side("green", "sha256:a"), trail=("sha256:a",)))
    return ledger


@pytest.fixture
def sql(database_url: str) -> Sql:
    """The database as somebody with a shell of it has it."""

    def run(statement: str) -> None:
        if database_url.startswith("sqlite"):
            sqlite3.connect(database_url.removeprefix("sqlite:///"), isolation_level=None).executescript(statement)
        else:
            with psycopg.connect(database_url, autocommit=True) as connection:
                connection.execute(f"set search_path to mooring_local; {statement}")

    return run


@pytest.fixture
def unguarded(sql: Sql, database_url: str) -> Sql:
    """The same without what keeps the ledger append-only."""

    def run(statement: str) -> None:
        if database_url.startswith("sqlite"):
            sql("drop trigger ledger_is_never_changed; drop trigger ledger_is_never_deleted")
        else:
            sql("drop function refuse_to_change cascade")
        sql(statement)

    return run


def test_the_state_of_an_environment_is_that_of_its_last_entry(written: Ledger) -> None:
    assert written.state("local").live == Side("green", "sha256:a")
    assert written.state("staging") == State()
    assert [entry.seq for entry in written.entries(2, "local")] == [4, 3]
    assert written.verify() == 4


def test_each_environment_has_a_chain_of_its_own(written: Ledger) -> None:
    first = written.append("staging", 1, "ann", Switched(5), State())
    assert first.seq == 1
    assert written.append("local", 2, "bob", Switched(6), State()).seq == 5
    assert written.verify() == 6
    assert {entry.environment for entry in written.entries(9)} == {"local", "staging"}


def test_it_knows_the_commit_a_release_was_last_deployed_from(written: Ledger) -> None:
    assert written.commit_of("local", "sha256:a") == "c2"
    assert written.commit_of("local", "sha256:b") is None
    assert written.commit_of("staging", "sha256:a") is None


@pytest.mark.parametrize("statement", ["update ledger set body = '{}' where seq = 1", "delete from ledger"])
def test_the_database_itself_refuses_to_change_or_delete_entries(written: Ledger, sql: Sql, statement: str) -> None:
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException), match="append-only"):
        sql(statement)
    assert written.verify() == 4


def test_postgresql_refuses_to_empty_it_too_and_to_who_replicates(written: Ledger, sql: Sql) -> None:
    if written.location.variable:
        for statement in ("truncate ledger", "set session_replication_role = replica; delete from ledger"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
                sql(statement)
    assert written.verify() == 4


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("update ledger set body = replace(body, 'ann', 'eve') where seq = 2", "breaks at entry 2"),
        ("update ledger set environment = 'staging' where seq = 1", "staging is missing"),
        ("update ledger set hash = upper(hash) where seq = 4", "breaks at entry 4"),
        ("delete from ledger where seq = 2", "breaks at entry 2"),
        ("delete from ledger where seq >= 3", "2 entries are missing at the end"),
        ("delete from ledger", "4 entries are missing at the end"),
        ("delete from chains", "the end of the chain of local is missing"),
        ("update chains set hash = upper(hash)", "does not end as it did"),
        ("select 1", "a trigger that keeps it append-only is missing"),
    ],
)
def test_any_tampering_is_found(written: Ledger, unguarded: Sql, statement: str, message: str) -> None:
    unguarded(statement)
    with pytest.raises(Refused, match=message) as refused:
        written.verify()
    assert refused.value.reason is Reason.TAMPERED


def test_a_trigger_that_was_switched_off_is_found(written: Ledger, sql: Sql) -> None:
    if written.location.variable:
        sql("alter table ledger disable trigger ledger_is_append_only")
        with pytest.raises(Refused, match="trigger"):
            written.verify()


def test_who_holds_an_older_token_can_write_no_more(ledger: Ledger) -> None:
    ledger.write(lambda statements: leases.put(statements, Lease("local", 7, "h:1:1", "ann", "deploy", 0)))
    ledger.append("local", 7, "ann", Switched(1), State())
    with pytest.raises(Refused, match="token 7, mine 6") as refused:
        ledger.append("local", 6, "bob", Switched(2), State())
    assert refused.value.reason is Reason.FENCED
    assert ledger.verify() == 1


def test_a_token_can_only_grow_whoever_writes_it(ledger: Ledger) -> None:
    def put(statements: Statements) -> None:
        for token in (7, 6, 7):
            leases.put(statements, Lease("local", token, "h:1:1", "ann", "deploy", 0))

    ledger.write(put)
    held = lease.read(ledger, "local")
    assert held
    assert held.token == 7


def test_entries_of_many_writers_at_once_make_one_chain(location: Location) -> None:
    def write(number: int) -> list[Entry]:
        mine = Ledger(location)
        made = [mine.append("local", 1, f"writer {number}", Switched(turn), State()) for turn in range(10)]
        mine.close()
        return made

    with ThreadPoolExecutor(4) as pool:
        made = [entry for each in pool.map(write, range(4)) for entry in each]
    ledger = Ledger(location)
    assert sorted(entry.seq for entry in made) == list(range(1, 41))
    assert ledger.verify() == 40
    ledger.close()


def test_a_second_reader_sees_every_entry_at_once(written: Ledger) -> None:
    second = Ledger(written.location)
    assert second.verify() == 4
    second.close()


def test_what_no_database_takes_as_text_is_kept(ledger: Ledger) -> None:
    said = "\x00 \ud800 grüezi"
    ledger.append("local", 1, said, Switched(1), State(detail=said))
    assert ledger.entries(1)[0].actor == said
    assert ledger.verify() == 1


def test_a_ledger_that_is_there_is_opened_without_sqlalchemy(written: Ledger) -> None:
    code = (
        "import sys\nfrom pathlib import Path\n"
        "import mooring.commands.rollback, mooring.commands.running, mooring.targets.local.target\n"
        "from mooring.rollout import driver, lease\nfrom mooring.rollout.ledger import Ledger\n"
        "from mooring.state.place.location import Location\n"
        "ledger = Ledger(Location(Path(sys.argv[1]), 'local', sys.argv[2] or None))\n"
        "lease.acquire(ledger, 'local', 'ann', 'rollback')\nprint(ledger.verify())\n"
        "print(sorted({'sqlalchemy', 'pydantic'} & set(sys.modules)))\n"
    )
    command = [sys.executable, "-c", code, str(written.location.state), written.location.reference or ""]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, env=environ, check=False)
    assert done.stdout == "4\n[]\n", done.stderr


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ledger = Ledger(Location(tmp_path / "file", "local"))
    with pytest.raises(Failed, match=r"^cannot use .*state\.db: Not a directory$") as failed:
        ledger.verify()
    assert failed.value.reason is Reason.STORAGE


def test_a_full_disk_is_one_line_and_writes_nothing(tmp_path: Path) -> None:
    ledger = Ledger(Location(tmp_path, "local"))
    ledger.append("local", 3, "ann", Switched(1), State())
    [(pages,)] = ledger.read(lambda statements: statements("pragma page_count"))
    ledger.read(lambda statements: statements(f"pragma max_page_count = {pages}"))
    with pytest.raises(Failed, match=r"^cannot use .*: the disk is full$") as failed:
        ledger.append("local", 3, "x" * 100_000, Switched(5), State())
    assert failed.value.reason is Reason.STORAGE
    assert ledger.verify() == 1
    ledger.close()


def test_a_file_that_is_no_database_is_tampered(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"not a database, but long enough to look like one" * 100)
    with pytest.raises(Refused, match="the file is not a database") as refused:
        Ledger(Location(tmp_path, "local")).verify()
    assert refused.value.reason is Reason.TAMPERED


def test_writes_to_a_file_survive_a_power_failure(tmp_path: Path) -> None:
    ledger = Ledger(Location(tmp_path, "local"))
    assert ledger.read(lambda statements: statements("pragma synchronous")) == [(2,)]
    assert ledger.read(lambda statements: statements("pragma journal_mode")) == [("wal",)]
    ledger.close()


@pytest.fixture
def server() -> Cluster:
    """A server that a test may stop."""
    return Cluster()


@pytest.mark.slow
def test_a_server_that_restarts_between_two_entries_is_found_again(
    server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server:
        monkeypatch.setenv("LEDGER_URL", server.fresh())
        ledger = Ledger(Location(tmp_path, "local", "env:LEDGER_URL"))
        ledger.append("local", 1, "ann", Switched(1), State())
        server.stop()
        with pytest.raises(Failed, match=r"^cannot use PostgreSQL \(\$LEDGER_URL\): the database cannot be reached$"):
            ledger.append("local", 1, "ann", Switched(2), State())
        server.start()
        ledger.append("local", 1, "ann", Switched(3), State())
        server.stop()
        server.start()
        assert ledger.verify() == 2
        ledger.close()


@pytest.mark.slow
def test_a_server_that_was_stopped_is_given_up_within_seconds(
    server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server:
        monkeypatch.setenv("LEDGER_URL", server.fresh())
        ledger = Ledger(Location(tmp_path, "local", "env:LEDGER_URL"))
        ledger.append("local", 1, "ann", Switched(1), State())
        [(backend,)] = ledger.read(lambda statements: statements("select pg_backend_pid()"))
        stopped = [psutil.Process(backend), psutil.Process(psutil.Process(backend).ppid())]
        for process in stopped:
            process.suspend()
        started = time.monotonic()
        with pytest.raises(Failed, match="cannot be reached"):
            ledger.append("local", 1, "ann", Switched(2), State())
        assert time.monotonic() - started < 15
        for process in reversed(stopped):
            process.resume()
        assert ledger.verify() == 1
        ledger.close()


def test_a_missing_variable_is_named_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="PostgreSQL, and environment variable NOWHERE is not set") as failed:
        Ledger(Location(tmp_path, "local", "env:NOWHERE"))
    assert failed.value.reason is Reason.STORAGE
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["mysql://u:secret@h/d", "secret", "postgresql://u:secret@127.0.0.1:1/d"])
def test_an_error_does_not_quote_the_url(url: str, tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        Ledger(Location(tmp_path, "local", "env:LEDGER_URL"), {"LEDGER_URL": url}).verify()
    assert not re.search("secret|127", f"{failed.value} {failed.value.fix}".replace(str(tmp_path), ""))


def test_it_is_read_backward_page_by_page_to_its_beginning(written: Ledger) -> None:
    for page in (1, 2, 3, 4, 100):
        assert [entry.seq for entry in written.backward("local", page)] == [4, 3, 2, 1]
    assert list(written.backward("staging")) == []
