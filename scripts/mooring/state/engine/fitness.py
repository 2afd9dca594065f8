"""Whether a database can serve at all, found out before anything is written to it."""

import sqlalchemy as sa

from mooring.state.place.address import Address
from mooring.state.unavailable import Unavailable, Unfit

OLDEST = 13
"""The oldest PostgreSQL: from it on, a user without special rights may have the search that memory needs."""

_SERVER = """
select current_setting('server_version_num')::int / 10000, current_setting('server_encoding'),
    current_setting('transaction_read_only') = 'on' or pg_is_in_recovery(),
    has_database_privilege(current_database(), 'create'),
    (select has_schema_privilege(oid, 'usage') and has_schema_privilege(oid, 'create')
        from pg_namespace where nspname = :schema)
"""

_TABLES = {
    "sqlite": "select name from sqlite_master where type = 'table' and name not like 'sqlite%' order by name",
    "postgresql": "select tablename from pg_tables where schemaname = :schema order by tablename",
}


def check(engine: sa.Engine, address: Address) -> None:
    """Raises Unfit for what a person must change, Unavailable for what may pass, and SQLAlchemyError."""
    with engine.connect().execution_options(mooring_read=True) as connection:
        if address.file is None:
            _server(connection, address)
        _ours(connection, address)


def _server(connection: sa.Connection, address: Address) -> None:
    row = connection.execute(sa.text(_SERVER), {"schema": address.schema}).one()
    version, encoding, fixed, creates, ours = row
    if version < OLDEST:
        raise Unfit(f"PostgreSQL {version} is too old", f"move the database to PostgreSQL {OLDEST} or later")
    if encoding != "UTF8":
        fix = "create database NAME encoding 'UTF8' template template0"
        raise Unfit(f"the database's encoding is {encoding}, not UTF8", fix)
    if fixed:
        fix = "name the primary, or add ?target_session_attrs=read-write to its URL"
        raise Unavailable("the database is read-only: a standby, or set so", fix)
    if ours is None and not creates:
        fix = f"grant create on database NAME to USER, or create schema {address.quoted} authorization USER"
        raise Unfit(f"the user may not create the schema {address.schema}", fix)
    if ours is False:
        fix = f"alter schema {address.quoted} owner to USER"
        raise Unfit(f"the user may not use and create tables in the schema {address.schema}", fix)


def _ours(connection: sa.Connection, address: Address) -> None:
    """Raises Unfit where tables are that are somebody else's."""
    query = _TABLES[connection.dialect.name]
    names = set(connection.execute(sa.text(query), {"schema": address.schema} if ":schema" in query else {}).scalars())
    if names and "versions" not in names:
        some = ", ".join(sorted(names)[:3])
        fix = "name another database" if address.file is None else "move the file away to begin anew"
        raise Unfit(f"{address} holds tables that are not Mooring's ({some})", fix)
