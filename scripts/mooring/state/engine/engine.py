"""The engine of an address: SQLite in a file, or PostgreSQL."""

import sqlite3
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from mooring.state.place import file
from mooring.state.place.address import FILE, SCHEMA, Address, file_of, url_of
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.state.engine.patient import Connection

__all__ = ["FILE", "SCHEMA", "THREADS", "Address", "engine", "file_of", "url_of"]

BUSY_MS = 1000
"""How long one write waits for a write of another process. All of them are short."""

THREADS = 4
"""How many transactions PostgreSQL is given at once."""

POOL_SECONDS = 2.0
"""How long a transaction waits for a connection of the pool."""

_ROOM: dict[str, Any] = {"pool_size": THREADS, "max_overflow": 0, "pool_timeout": POOL_SECONDS, "hide_parameters": True}


def engine(where: str | Address, patience: float | None = None) -> sa.Engine:
    """The engine. Errors do not quote values, which are what users wrote.

    SQLite: WAL with `synchronous=NORMAL` survives `kill -9`; a power failure may cost the last commits, and never the
    file. A dead link to PostgreSQL is noticed within seconds, and no statement holds a thread for longer; `patience`
    says how many, where that is not as usual.
    """
    address = Address.of(where)
    return _sqlite(address) if address.file else _postgres(address, patience)


def _sqlite(address: Address) -> sa.Engine:
    made = sa.create_engine(address.url, **_ROOM)

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # Python's driver would begin only before the first change, which is after what the change depends on was read.
        connection.isolation_level = None
        file.prepare(connection, BUSY_MS, "NORMAL")

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get("mooring_read"):
            return
        # Past SQLAlchemy, which would take eight times as long for it.
        cursor = connection.connection.cursor()
        try:
            if options.get("mooring_opening"):
                cursor.execute(f"pragma busy_timeout={file.OPENING_MS}")
            cursor.execute("begin immediate")
            if options.get("mooring_opening"):
                cursor.execute(f"pragma busy_timeout={BUSY_MS}")
        except sqlite3.Error as error:
            raise Unavailable(str(error)) from error

    return made


def opening(made: sa.Engine) -> sa.Engine:
    """The same engine for one that opens the database: it waits for others that do the same."""
    return made.execution_options(mooring_opening=True)


def _postgres(address: Address, patience: float | None) -> sa.Engine:
    from mooring.state.engine.patient import ANSWER_SECONDS, connect

    limit = ANSWER_SECONDS if patience is None else patience
    made = sa.create_engine("postgresql+psycopg://", creator=lambda: connect(address, limit), **_ROOM)

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        hurry(connection, limit)

    return made


def hurry(connection: sa.Connection, seconds: float | None) -> None:
    """How long PostgreSQL may say nothing until the end of this transaction; None is for ever."""
    if connection.dialect.name == "postgresql":
        cast("Connection", connection.connection.driver_connection).limit = seconds
