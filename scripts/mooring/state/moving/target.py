"""The database that is moved to: emptied of what an earlier move left, filled without its triggers, and checked."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from mooring import private
from mooring.state.engine.engine import engine
from mooring.state.engine.fitness import check
from mooring.state.engine.identity import IDENTITY
from mooring.state.migrations.migrate import lock, rebuild
from mooring.state.moving.changes import forgotten
from mooring.state.moving.tables import Copied, Key
from mooring.state.place.address import Address
from mooring.state.unavailable import Unfit


def emptied(address: Address, mark: Mapping[str, Any]) -> sa.Engine:
    """An engine of a database with empty tables, whose `identity` is `mark`: it says that this is not the place in
    force. Raises Unfit when somebody's data is there.

    All of that is one transaction, so no process ever finds the tables without the mark and takes them for its own.
    """
    if address.file:
        if address.file.exists():
            _discard(address, address.file)
        private.file(address.file)
    made = engine(address)
    try:
        check(made, address)
        with made.begin() as connection:
            lock(connection)
            _refuse(connection, address)
            rebuild(connection)
            if connection.dialect.name == "postgresql":
                forgotten(connection)
            connection.execute(sa.insert(IDENTITY), dict(mark))
    except BaseException:
        made.dispose()
        raise
    return made


def _discard(address: Address, file: Path) -> None:
    """Removes a file, whatever version wrote it. Raises Unfit when somebody's data is there."""
    made = engine(address)
    try:
        check(made, address)
        with made.connect().execution_options(mooring_read=True) as connection:
            _refuse(connection, address)
    finally:
        made.dispose()
    for suffix in ("", "-wal", "-shm", "-journal"):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _refuse(connection: sa.Connection, address: Address) -> None:
    """Raises Unfit unless what is there was left by a move, or was never used."""
    if not sa.inspect(connection).has_table(IDENTITY.name):
        return
    owner = connection.execute(sa.select(IDENTITY.c.environment, IDENTITY.c.moved_to)).first()
    if owner is None or (owner.environment == address.environment and owner.moved_to is not None):
        return
    fix = "name an empty database" if address.file is None else f"move {address.file} away if nobody needs it"
    raise Unfit(f"{address} holds the state of {owner.environment} already", fix)


def sync(old: sa.Connection, new: sa.Connection, table: Copied, keys: Sequence[Key]) -> int:
    """Makes the rows of some keys the same in `new` as in `old`; how many more there are now."""
    there, here = table.rows(old, keys), table.rows(new, keys)
    names = [table.table.c[name] for name in table.key]
    gone = [key for key in here if there.get(key) != here[key]]
    if gone:
        new.execute(sa.delete(table.table).where(sa.tuple_(*names).in_(gone)))
    missing = [dict(zip(table.columns, row, strict=True)) for key, row in there.items() if here.get(key) != row]
    if missing:
        new.execute(_insert(new.dialect.name, table), missing)
    return len(missing) - len(gone)


def _insert(dialect: str, table: Copied) -> sa.TextClause:
    columns = ", ".join(f'"{name}"' for name in table.columns)
    values = ", ".join(f":{name}" for name in table.columns)
    # Numbers that the database gives are taken over as they are.
    given = " overriding system value" if dialect == "postgresql" else ""
    return sa.text(f'insert into "{table.name}" ({columns}){given} values ({values})')  # noqa: S608 - all are names


def still(connection: sa.Connection) -> list[str]:
    """Switches off the triggers that would do again what was done at the source; what switches them on again.

    An index of words, which SQLite keeps as a table, follows the rows by triggers of its own: those stay.
    """
    if connection.dialect.name == "postgresql":
        query = "select c.relname, t.tgname from pg_trigger t join pg_class c on c.oid = t.tgrelid"
        query += " join pg_namespace n on n.oid = c.relnamespace and n.nspname = current_schema()"
        query += " where not t.tgisinternal and t.tgenabled = 'O'"
        found = [(table, trigger) for table, trigger in connection.exec_driver_sql(query)]
        for table, trigger in found:
            connection.exec_driver_sql(f'alter table "{table}" disable trigger "{trigger}"')
        return [f'alter table "{table}" enable trigger "{trigger}"' for table, trigger in found]
    query = "select type, name, sql from sqlite_master where sql is not null"
    kept = list(connection.exec_driver_sql(query))
    words = [name for _kind, name, sql in kept if sql.lower().startswith("create virtual table")]
    triggers = [(name, sql) for kind, name, sql in kept if kind == "trigger" and not any(word in sql for word in words)]
    for name, _sql in triggers:
        connection.exec_driver_sql(f'drop trigger "{name}"')
    return [sql for _name, sql in triggers]


def numbers(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """(table, column, sequence) of each number that PostgreSQL gives by itself. SQLite goes by the rows."""
    if connection.dialect.name != "postgresql":
        return []
    query = "select table_name, column_name, pg_get_serial_sequence(quote_ident(table_name), column_name)"
    query += " from information_schema.columns where table_schema = current_schema()"
    return [(*names, given) for *names, given in connection.exec_driver_sql(query) if given]


def numbered(connection: sa.Connection, given: Iterable[tuple[str, str, str]]) -> None:
    """Lets PostgreSQL give the numbers after those that were copied."""
    for table, column, sequence in given:
        most = f'select setval(:name, greatest(1, (select max("{column}") from "{table}")))'  # noqa: S608 - names
        connection.execute(sa.text(most), {"name": sequence})
