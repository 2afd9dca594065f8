"""The engine of a URL: SQLite in a file, or PostgreSQL."""

import sqlite3
from typing import Any

import sqlalchemy as sa

from mooring.state.limits import LINK, LOCK_MS, STATEMENT_MS
from mooring.state.location import SCHEMA, file_of, url_of
from mooring.state.unavailable import Unavailable

__all__ = ["SCHEMA", "THREADS", "engine", "file_of", "url_of"]

BUSY_MS = 1000
"""How long one write waits for a write of another process. All of them are short."""

THREADS = 4
"""How many transactions PostgreSQL is given at once."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}")


def engine(url: str) -> sa.Engine:
    """The engine. Errors do not quote values, which are what users wrote.

    SQLite: WAL with `synchronous=NORMAL` survives `kill -9`; a power failure may cost the last commits, and never the
    file. A dead link to PostgreSQL is noticed within seconds, and no statement holds a thread for longer.
    """
    return _sqlite(url) if url.startswith("sqlite") else _postgres(url)


def _sqlite(url: str) -> sa.Engine:
    made = sa.create_engine(url, pool_size=THREADS, max_overflow=0, hide_parameters=True)

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Python's driver would begin only before the first change, which is after what the change depends on was read.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"pragma {pragma}")

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        if not connection.get_execution_options().get("mooring_read"):
            try:
                # Past SQLAlchemy, which would take eight times as long for it.
                connection.connection.cursor().execute("begin immediate")
            except sqlite3.Error as error:
                raise Unavailable(str(error)) from error

    return made


def _postgres(url: str) -> sa.Engine:
    plain = sa.make_url(url).set(drivername="postgresql+psycopg")
    made = sa.create_engine(
        plain, pool_size=THREADS, max_overflow=0, pool_pre_ping=True, hide_parameters=True, connect_args=LINK
    )

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"set search_path to {SCHEMA}")
            cursor.execute(f"set statement_timeout to {STATEMENT_MS}")
            cursor.execute(f"set lock_timeout to {LOCK_MS}")
        connection.commit()

    return made
