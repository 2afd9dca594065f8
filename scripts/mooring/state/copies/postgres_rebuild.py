"""Builds the schema of PostgreSQL from a copy; the one that was there is kept under another name."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from mooring.state.copies import postgres
from mooring.state.copies.rebuild import Files, catch_up, create
from mooring.state.place.address import Address
from mooring.state.unavailable import Unavailable

HIDDEN = "versions_restoring"
"""What `versions` is called meanwhile: without it nobody can take what is half-restored for a database."""


class PostgresRebuild:
    """See `Rebuild`."""

    def __init__(self, address: Address) -> None:
        self.address = address

    def load(self, files: Files) -> None:
        for _name, pieces in files:
            postgres.load(self.address, pieces)

    def loaded(self) -> dict[str, Any]:
        return postgres.counted(self.address)

    def complete(self) -> None:
        _number_on(self.address)
        _rename_table(self.address, HIDDEN, "versions")
        catch_up(self.address)
        _rename_table(self.address, "versions", HIDDEN)


@contextmanager
def rebuilding(address: Address, migrations: int) -> Iterator[PostgresRebuild]:
    """See `rebuild.rebuilding`."""
    before = f"{address.schema}_before_{time.strftime('%Y%m%dt%H%M%Sz', time.gmtime())}"
    try:
        _undo(address)
        kept = _rename(address, address.schema, before)
        done = False
        try:
            create(address, migrations)
            _rename_table(address, "versions", HIDDEN)
            yield PostgresRebuild(address)
            _rename_table(address, HIDDEN, "versions")
            done = True
        finally:
            if not done:
                _do(address, sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(address.schema)))
                if kept:
                    _rename(address, before, address.schema)
    except psycopg.Error as error:
        raise Unavailable(postgres.line(error)) from error


def drop(address: Address) -> None:
    """Deletes an environment's schema with everything in it, if there is one. Raises Unavailable."""
    try:
        _do(address, sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(address.schema)))
    except psycopg.Error as error:
        raise Unavailable(postgres.line(error)) from error


def _undo(address: Address) -> None:
    """Takes away what a restore that was killed has left, and puts back what was there before it."""
    if not _ask(address, "select to_regclass(%s) is not null", f"{address.quoted}.{HIDDEN}"):
        return
    newest = "select max(nspname) from pg_namespace where starts_with(nspname, %s)"
    kept = _ask(address, newest, f"{address.schema}_before_")
    _do(address, sql.SQL("drop schema {} cascade").format(sql.Identifier(address.schema)))
    if kept:
        _rename(address, str(kept), address.schema)


def _rename(address: Address, old: str, new: str) -> bool:
    """Whether there was one to rename."""
    if not _ask(address, "select true from pg_namespace where nspname = %s", old):
        return False
    _do(address, sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
    return True


def _rename_table(address: Address, old: str, new: str) -> None:
    _do(address, sql.SQL("alter table {} rename to {}").format(_in(address, old), sql.Identifier(new)))


def _number_on(address: Address) -> None:
    """Lets columns that number their rows go on after what was restored."""
    asked = """select table_name, column_name from information_schema.columns where table_schema = %s
        and (is_identity = 'YES' or column_default like 'nextval%%')"""
    with closing(psycopg.connect(address.url, autocommit=True)) as connection:
        for table, column in connection.execute(asked, (address.schema,)).fetchall():
            name = sql.Identifier(column)
            most = sql.SQL("select coalesce(max({}), 0) + 1 from {}").format(name, _in(address, table))
            told = sql.SQL("select setval(pg_get_serial_sequence({}, {}), ({}), false)")
            connection.execute(told.format(f"{address.quoted}.{table}", column, most))


def _in(address: Address, table: str) -> sql.Identifier:
    return sql.Identifier(address.schema, table)


def _do(address: Address, statement: sql.Composed) -> None:
    with closing(psycopg.connect(address.url, autocommit=True)) as connection:
        connection.execute(statement)


def _ask(address: Address, question: str, value: str) -> Any:
    with closing(psycopg.connect(address.url, autocommit=True)) as connection:
        row = connection.execute(question.encode(), (value,)).fetchone()
        return row[0] if row else None
