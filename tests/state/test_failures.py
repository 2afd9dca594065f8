"""Databases that are stopped, restarted, lost, busy or gone hold up only who waits for them, and only for a while."""

import asyncio
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from mooring.state.database import Database, Work
from mooring.state.engine import engine, patient
from mooring.state.place.address import Address, file_of
from mooring.state.runs import answers
from mooring.state.transactions import TRIES, Transactions
from mooring.state.unavailable import Unavailable
from tests.postgres import Cluster

HOLD = (
    "import sqlite3, sys, time\n"
    "held = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "held.execute('begin immediate')\nprint('held', flush=True)\n"
    "time.sleep(0.2)\nheld.execute('commit')\nprint('free', flush=True)\n"
)


@contextmanager
def stopped(request: pytest.FixtureRequest, url: str) -> Iterator[None]:
    """SIGSTOP of who the writers wait for: the server, or a process in the middle of its transaction."""
    if path := file_of(url):
        other = subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE, text=True)
        assert other.stdout
        assert other.stdout.readline() == "held\n"
        other.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            other.send_signal(signal.SIGCONT)
            assert other.stdout.readline() == "free\n"
            other.communicate()
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    cluster.pause()
    try:
        yield
    finally:
        cluster.resume()


def put(key: str, text: str = "yes") -> Work[None]:
    return lambda connection: answers.put(connection, key, "", text, 1.0)


def get(key: str) -> Work[tuple[str, float] | None]:
    return lambda connection: answers.get(connection, key)


@pytest.mark.slow
def test_a_stopped_process_holds_up_nobody_but_who_waits(
    request: pytest.FixtureRequest, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patient, "ANSWER_SECONDS", 1.0)

    async def story() -> None:
        kept = Database(database_url)
        await kept.write(put("k"))
        ticks = 0
        with stopped(request, database_url):
            begun = time.monotonic()
            waiting = [asyncio.ensure_future(kept.write(put(f"k{number}"))) for number in range(12)]
            while not all(each.done() for each in waiting):
                await asyncio.sleep(0.02)
                ticks += 1
            took = time.monotonic() - begun
            assert took < 8
            assert ticks > took * 10
            assert all(isinstance(each.exception(), Unavailable) for each in waiting)
        for _ in range(50):
            try:
                await kept.write(put("after"))
                break
            except Unavailable:
                await asyncio.sleep(0.1)
        assert await kept.read(get("after")) == ("yes", 1.0)
        assert await kept.read(get("k0")) is None
        await kept.close()

    asyncio.run(story())


@pytest.mark.slow
def test_connections_that_a_restart_cut_are_not_noticed(cluster: Cluster) -> None:
    kept = Transactions(cluster.fresh())
    with ThreadPoolExecutor(4) as threads:
        barrier = threading.Barrier(4)

        def four_at_once(connection: sa.Connection) -> None:
            barrier.wait(5)
            connection.exec_driver_sql("select 1")

        list(threads.map(lambda _: kept.read(four_at_once), range(4)))
        cluster.stop()
        cluster.start()
        list(threads.map(lambda number: kept.write(put(f"k{number}")), range(8)))
    assert kept.read(lambda connection: connection.exec_driver_sql("select count(*) from answers").scalar()) == 8
    kept.close()


def test_a_connection_that_is_lost_in_the_middle_costs_nothing_and_nothing_is_done_twice(cluster: Cluster) -> None:
    url = cluster.fresh()
    kept = Transactions(url)
    kept.write(put("k"))
    done: list[int] = []

    def lose(connection: sa.Connection) -> None:
        answers.put(connection, f"lost{len(done)}", "", "x", 1.0)
        done.append(1)
        if len(done) == 1:
            pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
            with psycopg.connect(url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", (pid,))
        connection.exec_driver_sql("select 1")

    kept.write(lose)
    assert [kept.read(get(f"lost{number}")) is not None for number in range(2)] == [False, True]
    kept.close()


def test_a_commit_whose_end_is_unknown_is_not_repeated(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    url = cluster.fresh()
    kept = Transactions(url)
    kept.write(put("k"))
    done: list[int] = []

    def commit(transaction: sa.RootTransaction) -> None:
        pid = transaction.connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", (pid,))
        original(transaction)

    original = sa.RootTransaction.commit
    monkeypatch.setattr(sa.RootTransaction, "commit", commit)
    with pytest.raises(Unavailable):
        kept.write(lambda _connection: done.append(1))
    assert len(done) == 1
    kept.close()


def test_the_host_that_can_be_written_to_is_found_among_several(cluster: Cluster) -> None:
    url = cluster.fresh()
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        dead = closed.getsockname()[1]
    user, _, rest = url.partition("@")
    server, _, name = rest.partition("/")
    both = Address(f"{user}@127.0.0.1:{dead},{server}/{name}?target_session_attrs=read-write", "production")
    kept = Transactions(both)
    kept.write(put("k"))
    assert Transactions(Address(url, "production")).read(get("k")) == ("yes", 1.0)
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(f"alter database {name} set default_transaction_read_only = on".encode())
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()")
    with pytest.raises(Unavailable, match="no host of the URL can be written to"):
        kept.write(put("k2"))
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("set default_transaction_read_only = off")
        other.execute(f"alter database {name} reset default_transaction_read_only".encode())
    kept.write(put("k3"))
    kept.close()


@pytest.mark.slow
def test_a_pool_that_is_used_up_is_said_after_a_while(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engine._ROOM, "pool_timeout", 0.3)
    kept = Transactions(cluster.fresh())
    kept.write(put("k"))
    release, inside = threading.Event(), threading.Barrier(engine.THREADS + 1)

    def hold(_connection: sa.Connection) -> None:
        inside.wait(5)
        release.wait(10)

    with ThreadPoolExecutor(engine.THREADS) as threads:
        held = [threads.submit(kept.read, hold) for _ in range(engine.THREADS)]
        inside.wait(5)
        begun = time.monotonic()
        with pytest.raises(Unavailable, match="all connections to the database are in use"):
            kept.read(get("k"))
        assert time.monotonic() - begun < 3
        release.set()
        for each in held:
            each.result()
    assert kept.read(get("k")) == ("yes", 1.0)
    kept.close()


def test_what_reads_and_then_writes_loses_no_update(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL refuses one of two such transactions (40001), which is done again as a whole."""
    original = patient.connect

    def strict(address: Address, patience: float) -> patient.Connection:
        made = original(address, patience)
        made.execute("set default_transaction_isolation to 'repeatable read'")
        made.commit()
        return made

    monkeypatch.setattr(patient, "connect", strict)
    kept = Transactions(database_url)
    kept.write(put("k", "0"))

    def add(connection: sa.Connection) -> None:
        found = answers.get(connection, "k")
        assert found
        answers.put(connection, "k", "", str(int(found[0]) + 1), 1.0)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: kept.write(add), range(40)))
    assert kept.read(get("k")) == ("40", 1.0)
    kept.close()


@pytest.mark.slow
def test_a_deadlock_is_undone_and_done_again(cluster: Cluster) -> None:
    kept = Transactions(cluster.fresh())
    kept.write(put("a"))
    kept.write(put("b"))
    met, tried = threading.Barrier(2), []

    def cross(first: str, second: str) -> None:
        def work(connection: sa.Connection) -> None:
            tried.append(first)
            answers.put(connection, first, "", f"by {first}", 2.0)
            if len(tried) < 3:
                met.wait(5)
            answers.put(connection, second, "", f"by {first}", 2.0)

        kept.write(work)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(cross, "ab", "ba"))
    assert len(tried) == 3
    assert kept.read(get("a")) == kept.read(get("b"))
    kept.close()


@pytest.mark.slow
def test_a_conflict_that_stays_is_given_up(cluster: Cluster) -> None:
    kept = Transactions(cluster.fresh())
    tried: list[int] = []

    def conflict(connection: sa.Connection) -> None:
        tried.append(1)
        connection.exec_driver_sql("do $$ begin raise exception 'again' using errcode = '40001'; end $$")

    with pytest.raises(Unavailable):
        kept.write(conflict)
    assert len(tried) == TRIES
    kept.close()


@pytest.mark.slow
def test_statements_and_locks_of_a_server_have_limits(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patient, "STATEMENT_MS", 500)
    monkeypatch.setattr(patient, "LOCK_MS", 300)
    url = cluster.fresh()
    kept = Transactions(url)
    kept.write(put("k"))
    with pytest.raises(Unavailable, match="took too long"):
        kept.read(lambda connection: connection.exec_driver_sql("select pg_sleep(5)"))
    with psycopg.connect(url) as other:
        other.execute("update mooring.answers set saved = 0")
        with pytest.raises(Unavailable, match="another transaction holds"):
            kept.write(put("k", "later"))
    kept.close()


@pytest.mark.slow
def test_a_slow_writer_of_a_file_holds_up_no_reader(tmp_path: Path) -> None:
    kept = Transactions(Address(f"sqlite:///{tmp_path / 'state.db'}", "local"))
    kept.write(put("k"))
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None)
    other.execute("begin immediate")
    begun = time.monotonic()
    with pytest.raises(Unavailable, match="locked"):
        kept.write(put("k", "later"))
    assert 0.9 < time.monotonic() - begun < 5
    assert kept.read(get("k")) == ("yes", 1.0)
    other.execute("commit")
    other.close()
    kept.write(put("k", "later"))
    kept.close()
