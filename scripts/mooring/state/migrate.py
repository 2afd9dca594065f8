"""Brings the tables to what this version of the code needs.

Our own, since it is short: both databases undo DDL with its transaction, so each migration and its row in `versions`
are there together or not at all, wherever the process is killed; and one lock lets one process at a time. Alembic would
be a dependency whose versions branch, which ours must not, and it would not say whom a schema still serves.
"""

import time
from collections.abc import Sequence

import sqlalchemy as sa

from mooring.state.location import SCHEMA
from mooring.state.migrations.migration import TYPES, Migration
from mooring.state.migrations.table import MIGRATIONS
from mooring.state.unavailable import TooNew

_LOCK = 0x6D6F6F72
"""What PostgreSQL knows the lock by: any number that nobody else takes."""


def migrate(engine: sa.Engine, migrations: Sequence[Migration] = MIGRATIONS) -> int:
    """Carries out what is missing; how many that were. Raises TooNew, SQLAlchemyError."""
    if len(_applied(engine)) == len(migrations):
        return 0
    done = 0
    while _step(engine, migrations):
        done += 1
    return done


def undo(engine: sa.Engine, number: int, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Goes back to the tables as migration `number` left them; 0 is before the first. Raises SQLAlchemyError."""
    for index in range(len(_applied(engine)), number, -1):
        with engine.begin() as connection:
            lock(connection)
            for statement in migrations[index - 1].backward(engine.dialect.name):
                connection.exec_driver_sql(statement)
            connection.execute(sa.text("delete from versions where number = :number"), {"number": index})


def _step(engine: sa.Engine, migrations: Sequence[Migration]) -> bool:
    """Carries out one, in a transaction of its own; False when none is missing."""
    dialect = engine.dialect.name
    with engine.begin() as connection:
        lock(connection)
        _make_room(connection)
        applied = _rows(connection)
        if len(applied) >= len(migrations):
            _check(applied[len(migrations) :], len(migrations))
            return False
        migration = migrations[len(applied)]
        for statement in migration.forward(dialect):
            connection.exec_driver_sql(statement)
        connection.execute(
            sa.text("insert into versions values (:number, :name, :compatible, :applied)"),
            {
                "number": len(applied) + 1,
                "name": migration.name,
                "compatible": int(migration.backward_compatible),
                "applied": time.time(),
            },
        )
    return True


def _check(newer: Sequence[tuple[str, int]], known: int) -> None:
    """Raises TooNew unless each migration that is not known here lets the release before it go on."""
    for name, compatible in newer:
        if not compatible:
            words = f"the database is of a newer version ({name!r}); this one knows its first {known} migrations"
            raise TooNew(f"{words}: deploy the newer version again, or restore a backup from before it")


def lock(connection: sa.Connection) -> None:
    """Lets nobody else change tables until the transaction ends. SQLite's `begin immediate` does that already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("set local lock_timeout to 0")
        connection.exec_driver_sql("set local statement_timeout to 0")
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")


def _make_room(connection: sa.Connection) -> None:
    types = TYPES[connection.dialect.name]
    postgres = connection.dialect.name == "postgresql"
    # Asked first: `if not exists` wants the right to create it even where it exists.
    if postgres and connection.exec_driver_sql(f"select to_regnamespace('{SCHEMA}')").scalar() is None:
        connection.exec_driver_sql(f"create schema {SCHEMA}")
    connection.exec_driver_sql(
        f"create table if not exists versions (number {types['number']} primary key, name {types['text']} not null,"
        f" backward_compatible {types['number']} not null, applied {types['real']} not null) {types['strict']}"
    )


def _rows(connection: sa.Connection) -> list[tuple[str, int]]:
    rows = connection.exec_driver_sql("select name, backward_compatible from versions order by number")
    return [(name, compatible) for name, compatible in rows]


def _applied(engine: sa.Engine) -> list[tuple[str, int]]:
    """Without any lock: most starts find nothing to do."""
    with engine.connect().execution_options(mooring_read=True) as connection:
        return _rows(connection) if sa.inspect(connection).has_table("versions") else []
