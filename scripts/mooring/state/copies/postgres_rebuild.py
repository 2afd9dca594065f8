"""Builds the schema of PostgreSQL from a copy; the one that was there is kept under another name."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg
from psycopg import sql

from mooring.state.copies import postgres
from mooring.state.copies.rebuild import Files, catch_up, create
from mooring.state.engine import SCHEMA
from mooring.state.unavailable import Unavailable

HIDDEN = "versions_restoring"
"""What `versions` is called meanwhile: without it nobody can take what is half-restored for a database."""


class PostgresRebuild:
    """See `Rebuild`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def load(self, files: Files) -> None:
        for _name, pieces in files:
            postgres.load(self.url, pieces)

    def loaded(self) -> dict[str, Any]:
        return postgres.counted(self.url)

    def complete(self) -> None:
        _number_on(self.url)
        _rename_table(self.url, HIDDEN, "versions")
        catch_up(self.url)
        _rename_table(self.url, "versions", HIDDEN)


@contextmanager
def rebuilding(url: str, migrations: int) -> Iterator[PostgresRebuild]:
    """See `rebuild.rebuilding`."""
    before = f"{SCHEMA}_before_{time.strftime('%Y%m%dt%H%M%Sz', time.gmtime())}"
    try:
        _undo(url)
        kept = _rename(url, SCHEMA, before)
        done = False
        try:
            create(url, migrations)
            _rename_table(url, "versions", HIDDEN)
            yield PostgresRebuild(url)
            _rename_table(url, HIDDEN, "versions")
            done = True
        finally:
            if not done:
                _do(url, sql.SQL("drop schema if exists {} cascade").format(sql.Identifier(SCHEMA)))
                if kept:
                    _rename(url, before, SCHEMA)
    except psycopg.Error as error:
        raise Unavailable(" ".join(str(error).split("\n")[0].split())[:200]) from error


def _undo(url: str) -> None:
    """Takes away what a restore that was killed has left, and puts back what was there before it."""
    if not _ask(url, "select to_regclass(%s) is not null", f"{SCHEMA}.{HIDDEN}"):
        return
    kept = _ask(url, "select max(nspname) from pg_namespace where nspname like %s", f"{SCHEMA}\\_before\\_%")
    _do(url, sql.SQL("drop schema {} cascade").format(sql.Identifier(SCHEMA)))
    if kept:
        _rename(url, str(kept), SCHEMA)


def _rename(url: str, old: str, new: str) -> bool:
    """Whether there was one to rename."""
    if not _ask(url, "select to_regnamespace(%s) is not null", old):
        return False
    _do(url, sql.SQL("alter schema {} rename to {}").format(sql.Identifier(old), sql.Identifier(new)))
    return True


def _rename_table(url: str, old: str, new: str) -> None:
    _do(url, sql.SQL("alter table {} rename to {}").format(_in(old), sql.Identifier(new)))


def _number_on(url: str) -> None:
    """Lets columns that number their rows go on after what was restored."""
    asked = """select table_name, column_name from information_schema.columns where table_schema = %s
        and (is_identity = 'YES' or column_default like 'nextval%%')"""
    with closing(psycopg.connect(postgres.conninfo(url), autocommit=True)) as connection:
        for table, column in connection.execute(asked, (SCHEMA,)).fetchall():
            most = sql.SQL("select coalesce(max({}), 0) + 1 from {}").format(sql.Identifier(column), _in(table))
            told = sql.SQL("select setval(pg_get_serial_sequence({}, {}), ({}), false)")
            connection.execute(told.format(f"{SCHEMA}.{table}", column, most))


def _in(table: str) -> sql.Identifier:
    return sql.Identifier(SCHEMA, table)


def _do(url: str, statement: sql.Composed) -> None:
    with closing(psycopg.connect(postgres.conninfo(url), autocommit=True)) as connection:
        connection.execute(statement)


def _ask(url: str, question: str, value: str) -> Any:
    with closing(psycopg.connect(postgres.conninfo(url), autocommit=True)) as connection:
        row = connection.execute(question.encode(), (value,)).fetchone()
        return row[0] if row else None
