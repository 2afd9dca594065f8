"""The engine of an address: SQLite in a file, or PostgreSQL."""

import sqlite3
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from mooring.state.address import FILE, SCHEMA, Address, file_of, url_of
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.state.patient import Connection

__all__ = ["FILE", "SCHEMA", "THREADS", "Address", "engine", "file_of", "url_of"]

BUSY_MS = 1000
"""How long one write waits for a write of another process. All of them are short."""

STATEMENT_MS, LOCK_MS = 5000, 2000
"""How long PostgreSQL may take for one statement, and of that for a lock that another one holds."""

THREADS = 4
"""How many transactions PostgreSQL is given at once."""

POOL_SECONDS = 2.0
"""How long a transaction waits for a connection of the pool."""

_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_MS}")
_LINK: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": STATEMENT_MS,
}
"""How soon libpq notices a dead link to a host; a URL may say otherwise."""

_ROOM: dict[str, Any] = {"pool_size": THREADS, "max_overflow": 0, "pool_timeout": POOL_SECONDS, "hide_parameters": True}


def engine(where: str | Address) -> sa.Engine:
    """The engine. Errors do not quote values, which are what users wrote.

    SQLite: WAL with `synchronous=NORMAL` survives `kill -9`; a power failure may cost the last commits, and never the
    file. A dead link to PostgreSQL is noticed within seconds, and no statement holds a thread for longer.
    """
    address = Address.of(where)
    return _sqlite(address) if address.file else _postgres(address)


def _sqlite(address: Address) -> sa.Engine:
    made = sa.create_engine(address.url, **_ROOM)

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


def _postgres(address: Address) -> sa.Engine:
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    from mooring.state.patient import ANSWER_SECONDS, Connection

    # By libpq and not by SQLAlchemy's URL, which takes one host only.
    told = make_conninfo(**{**_LINK, **conninfo_to_dict(address.url)})

    def connect() -> Connection:
        made = Connection.connect(told)
        settings = {"search_path": address.quoted, "statement_timeout": STATEMENT_MS, "lock_timeout": LOCK_MS}
        for name, value in settings.items():
            made.execute(f"set {name} to {value}".encode())
        made.commit()
        return made

    made = sa.create_engine("postgresql+psycopg://", creator=connect, pool_pre_ping=True, **_ROOM)

    @sa.event.listens_for(made, "begin")
    def begin(connection: sa.Connection) -> None:
        hurry(connection, ANSWER_SECONDS)

    return made


def hurry(connection: sa.Connection, seconds: float | None) -> None:
    """How long PostgreSQL may say nothing until the end of this transaction; None is for ever."""
    if connection.dialect.name == "postgresql":
        cast("Connection", connection.connection.driver_connection).limit = seconds
