"""What building a database from a copy takes, whatever its engine."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from mooring.state.copies.collections import OWN
from mooring.state.engine.engine import engine, hurry
from mooring.state.engine.identity import claim
from mooring.state.engine.told import told
from mooring.state.migrations.migrate import migrate
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.place.address import Address
from mooring.state.records import changes, tombstones
from mooring.state.runs.conversations import CONVERSATIONS
from mooring.state.unavailable import Unavailable

Files = Iterable[tuple[str, Iterable[bytes]]]


@contextmanager
def built(address: Address) -> Iterator[Callable[[Callable[[sa.Connection], None]], None]]:
    """Carries out work in transactions of a database under construction, of which nobody else knows."""
    made = engine(address)

    def write(work: Callable[[sa.Connection], None]) -> None:
        with made.begin() as connection:
            hurry(connection, None)
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql("set local statement_timeout to 0")
            work(connection)

    try:
        yield write
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(*told(error)) from error
    finally:
        made.dispose()


def settle(connection: sa.Connection) -> None:
    """Takes away what belonged to the processes of the database that was copied, and what was forgotten since."""
    changes.reset(connection)
    connection.execute(sa.update(CONVERSATIONS).values(holder=None, until=0.0))
    tombstones.apply(connection)


def create(address: Address, number: int) -> None:
    """Makes the tables as the first `number` migrations do."""
    made = engine(address)
    try:
        # It is new: nobody uses it yet, so every door may be opened.
        migrate(made, MIGRATIONS[:number], [migration.name for migration in MIGRATIONS])
        if number == len(MIGRATIONS):
            claim(made, address.environment)
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(*told(error)) from error
    finally:
        made.dispose()


def catch_up(address: Address) -> None:
    """Carries out the migrations that came after the copy."""
    create(address, len(MIGRATIONS))


def rows(address: Address) -> int:
    """How many rows a database has that a restore would replace; 0 when it is not there. Raises Unavailable."""
    path = address.file
    if path and not path.exists():
        return 0
    made = engine(address)
    try:
        with made.connect().execution_options(mooring_read=True) as connection:
            there = set(sa.inspect(connection).get_table_names()) if path else _tables(connection)
            names = there - OWN
            return sum(
                connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one()
                for name in names
            )
    except sa.exc.SQLAlchemyError as error:
        raise Unavailable(*told(error)) from error
    finally:
        made.dispose()


def _tables(connection: sa.Connection) -> set[str]:
    return set(
        connection.exec_driver_sql("select tablename from pg_tables where schemaname = current_schema()").scalars()
    )
