"""Builds a database from a copy beside the one that is there, and puts it in its place when all of it is right."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa

from mooring.state import changes, tombstones
from mooring.state.conversations import CONVERSATIONS
from mooring.state.engine import engine, file_of
from mooring.state.migrate import migrate
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.unavailable import TooNew, Unavailable

Files = Iterable[tuple[str, Iterable[bytes]]]


class Rebuild(Protocol):
    """A database with the tables that a copy was made of, and no rows yet."""

    url: str

    def load(self, files: Files) -> None:
        """Adds the rows of a collection. Raises Unavailable, OSError, and what reading the files raises."""

    def loaded(self) -> dict[str, Any]:
        """What each table holds, as `Facts.tables` says it. Raises Unavailable."""

    def complete(self) -> None:
        """Carries out the migrations that came after the copy. Raises Unavailable."""


def rebuilding(url: str, scratch: Path, migrations: tuple[str, ...]) -> AbstractContextManager[Rebuild]:
    """A database as `migrations` made it, which takes the place of the one at `url` when the block ends without error.

    What was there before is kept under another name, which `before` tells. Raises TooNew when this code does not know
    the migrations, Unavailable, OSError.
    """
    known = tuple(migration.name for migration in MIGRATIONS)
    if known[: len(migrations)] != migrations:
        unknown = next((name for name, own in zip(migrations, [*known, *[""] * len(migrations)], strict=False) if name != own))
        raise TooNew(f"the copy has tables of another version ({unknown!r}), which this one does not know")
    if path := file_of(url):
        from mooring.state.copies.sqlite_rebuild import rebuilding as sqlite

        return sqlite(path, scratch, len(migrations))
    from mooring.state.copies.postgres_rebuild import rebuilding as postgres

    return postgres(url, len(migrations))


@contextmanager
def built(url: str) -> Iterator[Callable[[Callable[[sa.Connection], None]], None]]:
    """Carries out work in transactions of a database under construction, of which nobody else knows."""
    made = engine(url)

    def write(work: Callable[[sa.Connection], None]) -> None:
        with made.begin() as connection:
            work(connection)

    try:
        yield write
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(str(getattr(error, "orig", error)).split("\n")[0][:200]) from error
    finally:
        made.dispose()


def settle(connection: sa.Connection) -> None:
    """Takes away what belonged to the processes of the database that was copied, and what was forgotten since."""
    changes.reset(connection)
    connection.execute(sa.update(CONVERSATIONS).values(holder=None, until=0.0))
    tombstones.apply(connection)


def create(url: str, number: int) -> None:
    """Makes the tables as the first `number` migrations do."""
    made = engine(url)
    try:
        migrate(made, MIGRATIONS[:number])
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(str(getattr(error, "orig", error)).split("\n")[0][:200]) from error
    finally:
        made.dispose()


def catch_up(url: str) -> None:
    """Carries out the migrations that came after the copy."""
    create(url, len(MIGRATIONS))


def rows(url: str) -> int:
    """How many rows a database has that a restore would replace; 0 when it is not there. Raises Unavailable."""
    path = file_of(url)
    if path and not path.exists():
        return 0
    made = engine(url)
    try:
        with made.connect().execution_options(mooring_read=True) as connection:
            there = set(sa.inspect(connection).get_table_names()) if path else _tables(connection)
            names = there - {"versions", "taken_over", "exports", "changes"}
            return sum(connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one() for name in names)
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(str(getattr(error, "orig", error)).split("\n")[0][:200]) from error
    finally:
        made.dispose()


def _tables(connection: sa.Connection) -> set[str]:
    return set(connection.exec_driver_sql("select tablename from pg_tables where schemaname = current_schema()").scalars())
