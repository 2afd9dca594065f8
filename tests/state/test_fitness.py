"""A database that cannot serve is refused in one line, with what to do and no secret, before anything is written."""

import shutil
import sqlite3
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from mooring.state.engine import fitness
from mooring.state.inspection import inspect
from mooring.state.place.address import Address, postgres_url, url_of
from mooring.state.place.mounts import network
from mooring.state.runs import answers
from mooring.state.transactions import Transactions
from mooring.state.unavailable import Unavailable, Unfit
from tests.postgres import Cluster

SECRET = "hunter2"


def opened(where: Address) -> None:
    """Opens and closes it."""
    transactions = Transactions(where)
    try:
        transactions.read(lambda connection: connection.exec_driver_sql("select 1"))
    finally:
        transactions.close()


def sql(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"mysql://root:{SECRET}@db/app", "another engine: mysql"),
        (f"{SECRET}://x", "another engine"),
        (f"host=db password={SECRET}", "not a URL"),
        (f"postgresql://me:{SECRET}@db:port/app", "cannot be read"),
        (f"postgresql://me:{SECRET}@db:99999/app", "cannot be read"),
        (f"postgresql://me:{SECRET}@db/app?no_such_option=1", "cannot be read"),
        (f"postgresql://me:{SECRET}@[::1/app", "cannot be read"),
        (f"postgresql://me:{SECRET}%zz@db/app", "cannot be read"),
        (f"postgresql://me:{SECRET}@db", "names no database"),
        ("sqlite:///state.db", "another engine: sqlite"),
        ("", "not a URL"),
    ],
)
def test_a_url_that_is_none_is_refused_without_being_quoted(tmp_path: Path, url: str, words: str) -> None:
    with pytest.raises(Unfit, match=words) as refused:
        url_of(tmp_path, url, "production")
    error: BaseException | None = refused.value
    assert refused.value.fix
    while error:
        told = repr(error) + str(getattr(error, "fix", ""))
        assert "hunter" not in told.replace(f"engine: {SECRET}", "")
        error = error.__cause__


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_the_scheme_is_taken(scheme: str) -> None:
    url = "me:x@one:5433,two:5434/app?target_session_attrs=read-write"
    assert postgres_url(f" {scheme}://{url}\n") == f"postgresql://{url}"


def test_an_address_never_shows_its_url() -> None:
    address = Address(f"postgresql://me:{SECRET}@db/app", "production")
    assert SECRET not in f"{address} {address!r}"
    assert address.schema == "mooring_production"
    long = Address("postgresql://db/app", "x" * 80)
    assert len(long.schema) == 63
    assert long.schema != Address("postgresql://db/app", "x" * 81).schema


@pytest.mark.slow
def test_two_environments_share_a_server_and_do_not_see_each_other(cluster: Cluster) -> None:
    url = cluster.fresh()
    blue, green = (Transactions(Address(url, name)) for name in ("staging", "eu/production"))
    blue.write(lambda connection: answers.put(connection, "k", "", "of staging", 1.0))
    assert green.read(lambda connection: answers.get(connection, "k")) is None
    green.write(lambda connection: answers.put(connection, "k", "", "of production", 1.0))
    assert blue.read(lambda connection: answers.get(connection, "k")) == ("of staging", 1.0)
    for each in (blue, green):
        each.close()


def test_a_database_of_another_environment_is_refused(database_url: str) -> None:
    opened(Address(database_url, "staging"))
    if database_url.startswith("sqlite"):
        there = Address(database_url, "production")
    else:
        sql(database_url, "alter schema mooring_staging rename to mooring_production")
        there = Address(database_url, "production")
    with pytest.raises(Unfit, match="belongs to the environment staging") as refused:
        opened(there)
    assert "production" in refused.value.fix


def test_tables_of_somebody_else_are_left_alone(tmp_path: Path, cluster: Cluster) -> None:
    with sqlite3.connect(tmp_path / "state.db") as other:
        other.execute("create table invoices (id integer)")
    url = cluster.fresh()
    sql(url, "create schema mooring_shared", "create table mooring_shared.invoices (id integer)")
    for where in (url_of(tmp_path, None, "shared"), Address(url, "shared")):
        with pytest.raises(Unfit, match=r"not Mooring's \(invoices\)"):
            opened(where)
    with sqlite3.connect(tmp_path / "state.db") as other:
        assert other.execute("select name from sqlite_master").fetchall() == [("invoices",)]


def test_a_server_that_is_too_old_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitness, "OLDEST", 99)
    with pytest.raises(Unfit, match=r"PostgreSQL \d+ is too old") as refused:
        opened(Address(cluster.fresh(), "local"))
    assert "99 or later" in refused.value.fix


def test_an_encoding_that_is_not_utf8_is_refused(cluster: Cluster) -> None:
    url = cluster.fresh()
    sql(url, "create database latin encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0")
    with pytest.raises(Unfit, match="LATIN1, not UTF8"):
        opened(Address(f"{url.rpartition('/')[0]}/latin", "local"))


def test_a_user_without_rights_is_told_which_are_missing(cluster: Cluster) -> None:
    url = cluster.fresh()
    sql(url, "create role guest login", "create schema mooring_theirs")
    guest = url.replace("mooring@", "guest@")
    with pytest.raises(Unfit, match="may not create the schema mooring_local") as refused:
        opened(Address(guest, "local"))
    assert 'create schema "mooring_local" authorization' in refused.value.fix
    with pytest.raises(Unfit, match="may not use and create tables in the schema mooring_theirs"):
        opened(Address(guest, "theirs"))
    sql(url, 'create schema "mooring_local" authorization guest')
    opened(Address(guest, "local"))


def test_a_database_that_is_read_only_is_unavailable_and_not_unfit(cluster: Cluster) -> None:
    url = cluster.fresh()
    name = url.rpartition("/")[2]
    sql(url, f"alter database {name} set default_transaction_read_only = on")
    with pytest.raises(Unavailable, match="read-only") as refused:
        opened(Address(url, "local"))
    assert not isinstance(refused.value, Unfit)
    assert "target_session_attrs" in refused.value.fix


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("/runs", "/nowhere"), "has no such database"),
        (("mooring@", "nobody@"), "has no such user"),
        (("//mooring@127.0.0.1", f"//me:{SECRET}@127.0.0.1"), "has no such user"),
    ],
)
def test_a_refused_connection_is_told_without_names(cluster: Cluster, change: tuple[str, str], words: str) -> None:
    with pytest.raises(Unavailable, match=words) as refused:
        opened(Address(cluster.fresh().replace(*change), "local"))
    told = f"{refused.value} {refused.value.fix}"
    assert not [word for word in ("nowhere", "nobody", SECRET, "127.0.0.1") if word in told]


def test_a_damaged_file_is_told_with_what_to_do(tmp_path: Path) -> None:
    where = url_of(tmp_path, None, "local")
    (tmp_path / "state.db").write_bytes(b"not a database" * 100)
    with pytest.raises(Unavailable, match="the file is not a database") as refused:
        opened(where)
    assert "restore a copy" in refused.value.fix
    (tmp_path / "state.db").unlink()
    opened(where)
    damaged = bytearray((tmp_path / "state.db").read_bytes())
    damaged[100:4096] = b"\xff" * 3996
    (tmp_path / "state.db").write_bytes(damaged)
    with pytest.raises(Unavailable, match="damaged"):
        opened(where)


def test_a_network_file_system_is_found_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    mounts = tmp_path / "mounts"
    shared = tmp_path / "with space"
    escaped = str(shared).replace(" ", "\\040")
    mounts.write_text(f"root / ext4 rw 0 0\nserver:/x {escaped} nfs4 rw 0 0\nhost {escaped}/local ext4 rw 0 0\n")
    assert network(shared / "state.db", mounts) == "nfs4"
    assert network(shared / "local" / "state.db", mounts) is None
    assert network(tmp_path / "with", mounts) is None
    assert network(tmp_path, tmp_path / "absent") is None
    monkeypatch.setattr("mooring.state.place.mounts.MOUNTS", mounts)
    where = url_of(shared, None, "local")
    (warned,) = inspect(where).warnings
    assert "network file system (nfs4)" in warned
    assert not shared.exists()
    opened(where)
    assert warned in caplog.messages


def test_an_inspection_changes_nothing(database_url: str) -> None:
    where = Address(database_url, "local")
    seen = inspect(where)
    assert seen.applied == 0
    if where.file:
        assert not where.file.exists()
    opened(where)
    seen = inspect(where)
    assert seen.applied == seen.known > 0
    assert seen.bytes
    assert "hunter" not in str(seen)


def test_a_full_disk_is_told(database_url: str, tmp_path: Path) -> None:
    """SQLite by its limit on pages. PostgreSQL by what it says when its disk is full: no test can fill that."""
    kept = Transactions(Address(database_url, "local"))
    kept.write(lambda connection: answers.put(connection, "k", "", "before", 1.0))

    def fill(connection: sa.Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("pragma max_page_count = 60")
            for number in range(1000):
                answers.put(connection, f"k{number}", "", "x" * 4000, 1.0)
        else:
            connection.exec_driver_sql(
                "do $$ begin raise exception 'No space left on device' using errcode = '53100'; end $$"
            )

    with pytest.raises(Unavailable, match="disk is full") as refused:
        kept.write(fill)
    assert refused.value.fix == "make room on it"
    assert kept.read(lambda connection: answers.get(connection, "k")) == ("before", 1.0)
    kept.close()
    shutil.rmtree(tmp_path / "state", ignore_errors=True)
