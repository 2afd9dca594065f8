"""Copies of PostgreSQL by its own `pg_dump` and `pg_restore`, in their custom format."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO, Any

import psycopg
import psycopg.conninfo
from psycopg import sql

from mooring.state.copies.collections import OWN, tables_of
from mooring.state.copies.cutting import cut
from mooring.state.copies.facts import Facts, Piece
from mooring.state.place.address import Address
from mooring.state.unavailable import Unavailable

FILE = "dump"
"""The one file of a collection."""

_HEAD = re.compile(rb"PGDMP\x01[\x0c-\x10].\x04\x08\x01", re.DOTALL)
_DATE = 35
"""Bytes of the time in the head of a dump, seven numbers of five; without it, the same rows make the same bytes.
Source: `pg_backup_archiver.c`, WriteHead."""


@contextmanager
def snapshot(address: Address) -> Iterator["PostgresSnapshot"]:
    """A transaction that sees the database as it is now, until the end. Raises Unavailable."""
    try:
        with closing(_connect(address)) as held, ThreadPoolExecutor(1) as counting:
            name = _see(held, address, None)
            made = PostgresSnapshot(address, held, name, counting)
            yield made
    except psycopg.Error as error:
        raise Unavailable(line(error)) from error


class PostgresSnapshot:
    """See `Snapshot`. Rows are counted and hashed beside the dump, which sees the same ones."""

    def __init__(self, address: Address, held: psycopg.Connection, name: str, counting: ThreadPoolExecutor) -> None:
        self._address, self._held, self._name = address, held, name
        self._tables = _tables(held, address)
        self._counted: Future[dict[str, Any]] = counting.submit(self._count)

    def tables(self, collection: str) -> list[str]:
        return tables_of(collection, self._tables)

    def facts(self) -> Facts:
        version = self._held.execute("show server_version").fetchone()
        rows = self._held.execute("select name from versions order by number").fetchall()
        stream = self._held.execute("select data from exports where name = 'stream'").fetchone()
        return Facts(
            "postgresql",
            str(version[0]) if version else "",
            tuple(name for (name,) in rows),
            self._counted.result(),
            json.loads(stream[0]) if stream else {},
        )

    def pieces(self, collection: str) -> Iterator[Piece]:
        if not (tables := self.tables(collection)):
            return
        chosen = [f"--table={self._address.quoted}.{table}" for table in tables]
        options = ["--format=custom", "--compress=0", "--data-only", f"--snapshot={self._name}", *chosen]
        with _running("pg_dump", self._address, options, stdout=subprocess.PIPE) as dump:
            for number, piece in enumerate(cut(dump.stdout) if dump.stdout else ()):
                yield FILE, piece if number else _undated(piece)

    def _count(self) -> dict[str, Any]:
        with closing(_connect(self._address)) as beside:
            _see(beside, self._address, self._name)
            return {table: hashed(beside, self._address.schema, table) for table in self._tables}


def hashed(connection: psycopg.Connection, schema: str, table: str) -> dict[str, Any]:
    """How many rows a table has, and a sum of their hashes, which does not depend on their order.

    The major version of the server is before it: another one may hash in another way.
    """
    major = connection.info.server_version // 10000
    one = "hash_record_extended(t, 0)" if major >= 14 else "hashtextextended(t::text, 0)"
    asked = sql.SQL("select count(*), coalesce(sum({}), 0) from {} t")
    rows, hashes = _row(connection, asked.format(sql.SQL(one), sql.Identifier(schema, table)))
    return {"rows": rows, "hash": f"{major}:{hashes}"}


def load(address: Address, pieces: Iterable[bytes]) -> None:
    """Adds the rows of a dump to a database that has their tables. Raises Unavailable, and what reading raises."""
    options = ["--format=custom", "--data-only", "--no-owner", "--exit-on-error", "--single-transaction"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL}
    # Where it ends early, it says itself why.
    with _running("pg_restore", address, options, **pipes) as restore, suppress(BrokenPipeError):
        if restore.stdin:
            restore.stdin.writelines(pieces)
            restore.stdin.flush()


def counted(address: Address) -> dict[str, Any]:
    """What each table holds now. Raises Unavailable."""
    try:
        with closing(_connect(address)) as connection:
            _see(connection, address, None)
            return {name: hashed(connection, address.schema, name) for name in _tables(connection, address)}
    except psycopg.Error as error:
        raise Unavailable(line(error)) from error


def _connect(address: Address) -> psycopg.Connection:
    return psycopg.connect(address.url, connect_timeout=5)


def _see(connection: psycopg.Connection, address: Address, name: str | None) -> str:
    """Begins a transaction that sees one moment: that of the snapshot `name`, or now. The name of its snapshot."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    connection.read_only = True
    if name:
        connection.execute(sql.SQL("set transaction snapshot {}").format(name))
    for setting in ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"):
        connection.execute(sql.SQL("set local {} to 0").format(sql.SQL(setting)))
    connection.execute(sql.SQL("set local search_path to {}").format(sql.Identifier(address.schema)))
    return str(_row(connection, sql.SQL("select pg_export_snapshot()"))[0])


def _tables(connection: psycopg.Connection, address: Address) -> list[str]:
    found = connection.execute("select tablename from pg_tables where schemaname = %s", (address.schema,)).fetchall()
    return sorted(name for (name,) in found if name not in OWN)


def _row(connection: psycopg.Connection, question: sql.SQL | sql.Composed) -> tuple[Any, ...]:
    """The one row of an answer that always has one."""
    row = connection.execute(question).fetchone()
    return row if row is not None else ()


@contextmanager
def _running(program: str, address: Address, options: list[str], **pipes: Any) -> Iterator["subprocess.Popen[bytes]"]:
    """A client program; its password is in its environment, which others cannot read. Raises Unavailable."""
    known = psycopg.conninfo.conninfo_to_dict(address.url)
    around = os.environ | {"PGPASSWORD": str(known.pop("password"))} if known.get("password") else dict(os.environ)
    command = [client(program), "--no-password", f"--dbname={psycopg.conninfo.make_conninfo('', **known)}", *options]
    started = subprocess.Popen(command, env=around, stderr=subprocess.PIPE, **pipes)
    with ThreadPoolExecutor(1) as reading:
        said = reading.submit(_drained, started.stderr)
        try:
            yield started
            if started.stdin:
                started.stdin.close()
            if started.wait() != 0:
                raise Unavailable(f"{program}: {said.result()}")
        finally:
            if started.poll() is None:
                started.kill()
            for pipe in (started.stdout, started.stdin):
                if pipe:
                    pipe.close()
            started.wait()


def _drained(pipe: IO[bytes] | None) -> str:
    lines = pipe.read().decode(errors="replace").strip().splitlines() if pipe else []
    # Values, which users wrote, are in the lines after the first.
    return " ".join((lines[0] if lines else "no reason given").split())[:200]


@cache
def client(program: str) -> str:
    """The newest `pg_dump` or `pg_restore` of this machine: one that is older than its server refuses it."""
    there = [str(path) for path in Path("/usr/lib/postgresql").glob(f"*/bin/{program}")]
    there += [found] if (found := shutil.which(program)) else []
    if not there:
        raise Unavailable(
            f"{program} is not here; install the client programs of PostgreSQL, such as postgresql-client"
        )
    return max(there, key=_version)


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _undated(piece: bytes) -> bytes:
    if not _HEAD.match(piece):
        return piece
    start = 12 if piece[6] >= 15 else 16  # how it is compressed takes one byte from 1.15 on
    return piece[:start] + b"\x00" * _DATE + piece[start + _DATE :]


def line(error: Exception) -> str:
    """What PostgreSQL says, without the values that follow on later lines."""
    return " ".join(str(error).split("\n")[0].split())[:200]
