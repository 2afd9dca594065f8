"""What building a database from a copy takes, whatever its engine."""

import json
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
from mooring.state.records.ledger_tables import CHAINS, LEASES, LEDGER
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
    _fence(connection)
    connection.execute(sa.update(CONVERSATIONS).values(holder=None, until=0.0))
    tombstones.apply(connection)


LOST = 1_000_000
"""More leases than may have been taken after what was restored."""


def _fence(connection: sa.Connection) -> None:
    """Lets the tokens of leases go on above all that machines have seen: they refuse a lower one."""
    newest = sa.select(LEDGER.c.environment, LEDGER.c.body).join(
        CHAINS, sa.and_(CHAINS.c.environment == LEDGER.c.environment, CHAINS.c.seq == LEDGER.c.seq)
    )
    free = {"owner": "", "actor": "", "kind": "restore", "until": 0.0}
    connection.execute(sa.delete(LEASES))
    for environment, body in connection.execute(newest).all():
        token = int(json.loads(body)["token"]) + LOST
        connection.execute(sa.insert(LEASES).values(environment=environment, token=token, **free))


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


def rows(address: Address) -> int | None:
    """How many rows a database has that a restore would replace; 0 when it is not there, None for a broken file.

    Raises Unavailable.
    """
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
        if path and isinstance(error, sa.exc.DatabaseError) and not isinstance(error, sa.exc.OperationalError):
            return None
        raise Unavailable(*told(error)) from error
    finally:
        made.dispose()


def _tables(connection: sa.Connection) -> set[str]:
    return set(
        connection.exec_driver_sql("select tablename from pg_tables where schemaname = current_schema()").scalars()
    )
