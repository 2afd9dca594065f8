"""Takes over what earlier versions kept in SQLite files of their own, and renames those files when all is copied.

A file that a process of an earlier version still has open is copied and stays, for that process goes on writing to it;
each later start copies what has changed, until nobody has it open. A file is marked before it is copied, and what was
done with that mark is written in the transaction of the copy: whoever is killed in between, nothing is copied twice.
"""

import logging
import secrets
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring.state.former import old, old_runs
from mooring.state.migrations import fence
from mooring.state.migrations.migrate import lock
from mooring.state.place.file import MISSING, which
from mooring.state.tables import TABLES, insert, moment, number, text

TAKEN = sa.Table(
    "taken_over",
    TABLES,
    text("file", primary_key=True),
    number("mark", primary_key=True),
    # When it was copied, and whether nothing can have been written since.
    moment("at"),
    number("whole"),
)

SUFFIX = ".taken-over"

_LOGGER = logging.getLogger("mooring.runtime")
_BUSY_SECONDS = 0.5
_UNREADABLE = (sqlite3.Error, OSError, ValueError, sa.exc.DataError, sa.exc.IntegrityError)


def take_over(engine: sa.Engine, folder: Path) -> bool:
    """Copies and renames the files of `folder` that are there. One that cannot be read is logged and stays as it is.

    Whether that is all, since no process of an earlier version is left. Raises SQLAlchemyError, Unavailable, and Moved
    before anything is taken to a place that is not in force.
    """
    whole = engine.dialect.name != "postgresql" or _take_schema(engine, folder)
    for name in old.COPIES:
        path = folder / name
        if path.is_file():
            try:
                whole &= _take(engine, path)
            except _UNREADABLE as error:
                _LOGGER.error("%s cannot be taken over now, and stays as it is: %s", path, error)
    return whole


def _take_schema(engine: sa.Engine, folder: Path) -> bool:
    """The runs that DBOS kept for the processes of this folder, in the same database."""
    with engine.begin() as connection:
        lock(connection)
        fence.ask(connection)
        this = TAKEN.c.file == str(folder)
        since = connection.execute(sa.select(TAKEN.c.at).where(this)).scalar() or 0.0
        now = time.time()
        whole = old_runs.copy_schema(connection, folder, since)
        _put(connection, {"file": str(folder), "mark": 0, "at": now, "whole": int(whole)})
    return whole


def _take(engine: sa.Engine, path: Path) -> bool:
    with engine.connect() as connection:
        transaction = connection.begin()
        lock(connection)
        fence.ask(connection)
        known = which(path)
        if known == MISSING:
            return True  # another process was quicker
        uri = f"{path.absolute().as_uri()}?mode=rw"
        with closing(sqlite3.connect(uri, timeout=_BUSY_SECONDS, isolation_level=None, uri=True)) as source:
            alone = _alone(source)
            _copy(connection, source, path.name, alone)
            # Committed while nobody else can write to the file, and before its name goes.
            transaction.commit()
            _to_disk(connection)
            if alone and which(path) == known:
                path.rename(_free(path))
            return alone


def _to_disk(connection: sa.Connection) -> None:
    """What a power failure could still cost is not to be what was copied from a file that has lost its name."""
    if connection.dialect.name == "sqlite":
        connection.connection.cursor().execute("pragma wal_checkpoint")


def _copy(connection: sa.Connection, source: sqlite3.Connection, name: str, alone: bool) -> None:
    mark = source.execute("pragma user_version").fetchone()[0]
    this = (TAKEN.c.file == name) & (TAKEN.c.mark == mark)
    before = connection.execute(sa.select(TAKEN.c.at, TAKEN.c.whole).where(this)).first()
    if before is not None and before.whole:
        return
    now = time.time()
    if source.execute("select 1 from sqlite_master where type = 'table'").fetchone():
        old.COPIES[name](connection, source, before.at if before else 0.0, alone)
    _put(connection, {"file": name, "mark": mark, "at": now, "whole": int(alone)})


def _put(connection: sa.Connection, row: dict[str, Any]) -> None:
    made = insert(connection.dialect.name, TAKEN)
    changed = {name: made.excluded[name] for name in ("at", "whole")}
    connection.execute(made.on_conflict_do_update(index_elements=["file", "mark"], set_=changed), row)


def _alone(source: sqlite3.Connection) -> bool:
    """Marks the file and begins a transaction; whether nobody else has it open, and nobody can until that ends."""
    if source.execute("pragma user_version").fetchone()[0] == 0:
        source.execute(f"pragma user_version = {1 + secrets.randbelow(2**31 - 1)}")
    with suppress(sqlite3.OperationalError):
        # SQLite leaves WAL mode only when no other connection is open, and who opens the file goes back to it.
        source.execute("pragma journal_mode = delete")
        source.execute("begin exclusive")
        if source.execute("pragma journal_mode").fetchone()[0] == "delete":
            return True
        source.execute("rollback")
    source.execute("begin")
    return False


def _free(path: Path) -> Path:
    """A name for a file that was taken over: there is more than one after a rollback to the version that writes it."""
    number, made = 1, path.with_name(path.name + SUFFIX)
    while made.exists():
        number, made = number + 1, path.with_name(f"{path.name}{SUFFIX}-{number + 1}")
    return made
