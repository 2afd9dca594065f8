"""The database of runs: SQLite in the state folder, or PostgreSQL by URL."""

import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring import private

FILE = "durable.db"
"""In the state folder."""

_BUSY_MS = 10_000
_PRAGMAS = ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_MS}", "foreign_keys=ON")


class Unavailable(OSError):
    """The database cannot be reached, or does not take what it is given."""


def url_of(state: Path, secret: str | None) -> str:
    """Where the runs are: `secret` is the PostgreSQL URL, None the file in the state folder."""
    return secret or f"sqlite:///{(state / FILE).absolute()}"


def engine(url: str) -> sa.Engine:
    """The one way to the database. Errors do not quote values, which are what users wrote.

    SQLite: one connection, since there is one writer anyway and its busy handler is unfair to the others. WAL with
    `synchronous=NORMAL` survives `kill -9`; a power failure may cost the last commits, and never the file.
    """
    made = _sqlite(url) if url.startswith("sqlite") else _postgres(url)
    sa.event.listen(made, "handle_error", _say_so)
    return made


def _postgres(url: str) -> sa.Engine:
    plain = sa.make_url(url).set(drivername="postgresql+psycopg")
    limits = {"pool_size": 10, "max_overflow": 0, "pool_timeout": 30, "pool_pre_ping": True}
    return sa.create_engine(plain, hide_parameters=True, connect_args={"connect_timeout": 3}, **limits)


def _sqlite(url: str) -> sa.Engine:
    made = sa.create_engine(url, pool_size=1, max_overflow=0, pool_timeout=30, hide_parameters=True)

    @sa.event.listens_for(made, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = "IMMEDIATE"
        for pragma in _PRAGMAS:
            connection.execute(f"pragma {pragma}")

    return made


def _say_so(context: sa.engine.ExceptionContext) -> None:
    """DBOS waits for a lost connection in a thread, up to a minute at a time; an error of ours it hands on at once."""
    if context.is_pre_ping or not isinstance(context.sqlalchemy_exception, sa.exc.OperationalError):
        return
    if context.dialect.name == "sqlite":
        raise Unavailable(str(context.original_exception)) from context.original_exception
    if context.is_disconnect or context.connection is None:
        raise Unavailable("the database cannot be reached") from context.original_exception


def ping(engine: sa.Engine) -> None:
    """Checks that the database answers (`SELECT 1`). Raises `SQLAlchemyError`."""
    with engine.connect() as connection:
        connection.execute(sa.text("select 1"))


class Transactions:
    """What an engine is doing now, from taking a connection to giving it back after the commit."""

    def __init__(self, engine: sa.Engine) -> None:
        self._begun: dict[object, float] = {}
        sa.event.listen(engine, "checkout", self._begin)
        sa.event.listen(engine, "checkin", self._end)

    def seconds(self) -> float:
        """How long the oldest transaction has taken; 0 when there is none. May be called from any thread."""
        return max((time.monotonic() - begun for begun in list(self._begun.values())), default=0.0)

    def _begin(self, _connection: Any, record: object, _proxy: Any) -> None:
        self._begun[record] = time.monotonic()

    def _end(self, _connection: Any, record: object) -> None:
        self._begun.pop(record, None)


class File:
    """The file behind an SQLite URL. One that is removed is still written to by whoever has it open, for nothing."""

    def __init__(self, url: str) -> None:
        self._path = Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None
        self._known = self._identity()

    def replaced(self) -> bool:
        """Whether it is not the file any more that was there at first, or at the last `renew`."""
        return self._path is not None and (self._known is None or self._identity() != self._known)

    def make_room(self) -> None:
        """Creates folder and file if they are missing, for their owner alone. Raises OSError."""
        if self._path:
            private.file(self._path)

    def renew(self) -> None:
        """Accepts the file that is there now as the one to write to."""
        self._known = self._identity()

    def _identity(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat() if self._path else None
        except OSError:
            return None
        return (found.st_dev, found.st_ino) if found else None
