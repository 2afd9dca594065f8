"""Brings the tables to what this version of the code needs.

Our own, since it is short: both databases undo DDL with its transaction, so each migration and its row in `versions`
are there together or not at all, wherever the process is killed; and one lock lets one process at a time. Alembic would
be a dependency whose versions branch, which ours must not, and it would not say whom a schema still serves.
"""

import time
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from mooring.state.engine.engine import hurry
from mooring.state.engine.identity import IDENTITY
from mooring.state.migrations import table
from mooring.state.migrations.migration import TYPES, Migration
from mooring.state.unavailable import Behind, TooNew

_LOCK = 0x6D6F6F72
"""What PostgreSQL knows the lock by: any number that nobody else takes."""


def migrate(engine: sa.Engine, migrations: Sequence[Migration] | None = None, allowed: Collection[str] = ()) -> int:
    """Carries out what is missing; how many that were. `allowed` are names of one-way doors that may be opened.

    What comes before a door that may not is carried out. A database that nobody has used has no doors. Raises Behind,
    TooNew, SQLAlchemyError.
    """
    known = table.MIGRATIONS if migrations is None else migrations
    if len(applied(engine)) == len(known):
        return 0
    done = 0
    while _step(engine, known, allowed):
        done += 1
    return done


def doors(engine: sa.Engine, migrations: Sequence[Migration] | None = None) -> list[Migration]:
    """The one-way doors that are still to be opened. Changes nothing. Raises SQLAlchemyError."""
    known = table.MIGRATIONS if migrations is None else migrations
    with engine.connect().execution_options(mooring_read=True) as connection:
        if not _used(connection):
            return []
        missing = known[len(_rows(connection)) :]
    return [each for each in missing if not each.backward_compatible]


def undo(engine: sa.Engine, number: int, migrations: Sequence[Migration] | None = None) -> None:
    """Goes back to the tables as migration `number` left them; 0 is before the first. Raises SQLAlchemyError."""
    known = table.MIGRATIONS if migrations is None else migrations
    for index in range(len(applied(engine)), number, -1):
        with engine.begin() as connection:
            lock(connection)
            for statement in known[index - 1].backward(engine.dialect.name):
                connection.exec_driver_sql(statement)
            connection.execute(sa.text("delete from versions where number = :number"), {"number": index})


def rebuild(connection: sa.Connection) -> None:
    """Makes all tables anew and empty, within a transaction that has the `lock`. Raises TooNew, SQLAlchemyError."""
    dialect = connection.dialect.name
    _make_room(connection)
    there = _rows(connection)
    if len(there) > len(table.MIGRATIONS):
        raise TooNew("the database is of a newer version", "move to it with that version, or name an empty one")
    for migration in reversed(table.MIGRATIONS[: len(there)]):
        for statement in migration.backward(dialect):
            connection.exec_driver_sql(statement)
    connection.exec_driver_sql("delete from versions")
    for number, migration in enumerate(table.MIGRATIONS, 1):
        _carry_out(connection, number, migration)


def _step(engine: sa.Engine, migrations: Sequence[Migration], allowed: Collection[str]) -> bool:
    """Carries out one, in a transaction of its own; False when none is missing. Raises Behind, TooNew."""
    with engine.begin() as connection:
        lock(connection)
        _make_room(connection)
        there = _rows(connection)
        if len(there) >= len(migrations):
            _check(there[len(migrations) :], len(migrations))
            return False
        migration = migrations[len(there)]
        if not migration.backward_compatible and migration.name not in allowed and _used(connection):
            words = f"the database waits for the migration {migration.name!r}, a one-way door"
            raise Behind(words, "moor deploy opens it, when an override of the guard one-way-door allows that")
        used = not migration.backward_compatible and _used(connection)
        _carry_out(connection, len(there) + 1, migration)
        if used:
            _shut(connection, len(there) + 1)
    return True


def _carry_out(connection: sa.Connection, number: int, migration: Migration) -> None:
    for statement in migration.forward(connection.dialect.name):
        connection.exec_driver_sql(statement)
    compatible = int(migration.backward_compatible)
    row = {"number": number, "name": migration.name, "compatible": compatible, "applied": time.time()}
    connection.execute(sa.text("insert into versions values (:number, :name, :compatible, :applied)"), row)


def _shut(connection: sa.Connection, number: int) -> None:
    """Keeps out code that knows fewer migrations, also where it has the database open already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("lock table identity in access exclusive mode")
    connection.execute(sa.update(IDENTITY).values(needs=number))


def _check(newer: Sequence[tuple[str, int]], known: int) -> None:
    """Raises TooNew unless each migration that is not known here lets the release before it go on."""
    for name, compatible in newer:
        if not compatible:
            words = f"the database is of a newer version ({name!r}); this one knows its first {known} migrations"
            raise TooNew(words, "deploy the newer version again, or restore a copy from before it")


def lock(connection: sa.Connection) -> None:
    """Lets nobody else change tables until the transaction ends. SQLite's `begin immediate` does that already."""
    if connection.dialect.name == "postgresql":
        hurry(connection, None)
        connection.exec_driver_sql("set local lock_timeout to 0")
        connection.exec_driver_sql("set local statement_timeout to 0")
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_LOCK})")


def _make_room(connection: sa.Connection) -> None:
    types = TYPES[connection.dialect.name]
    if connection.dialect.name == "postgresql":
        # The schema that the search path names. Asked first: `if not exists` wants the right to create it in any case;
        # and asked of the table, since functions answer from a cache that another process's commit need not reach.
        path = str(connection.exec_driver_sql("show search_path").scalar())
        there = sa.text("select 1 from pg_namespace where nspname = :name")
        if connection.execute(there, {"name": path.strip('"')}).first() is None:
            connection.exec_driver_sql(f"create schema {path}")
    connection.exec_driver_sql(
        f"create table if not exists versions (number {types['number']} primary key, name {types['text']} not null,"
        f" backward_compatible {types['number']} not null, applied {types['real']} not null) {types['strict']}"
    )


def _rows(connection: sa.Connection) -> list[tuple[str, int]]:
    rows = connection.exec_driver_sql("select name, backward_compatible from versions order by number")
    return [(name, compatible) for name, compatible in rows]


def _used(connection: sa.Connection) -> bool:
    """Whether some version of the code has opened it, and so may rely on what it holds."""
    if not sa.inspect(connection).has_table(IDENTITY.name):
        return False
    return connection.execute(sa.select(IDENTITY.c.id)).first() is not None


def applied(engine: sa.Engine) -> list[tuple[str, int]]:
    """(name, whether the release before can live with it) of each that was carried out. Without any lock: most starts
    find nothing to do. Raises SQLAlchemyError."""
    with engine.connect().execution_options(mooring_read=True) as connection:
        return _rows(connection) if sa.inspect(connection).has_table("versions") else []
