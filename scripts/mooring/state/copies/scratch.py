"""A database of the same engine for a while, beside the one that is in use."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from mooring.state.copies.postgres import line
from mooring.state.place.address import FILE, Address
from mooring.state.unavailable import Unavailable

NAME = "mooring_verify_"

SLOT = "slot"
"""The folder of whoever uses it: SQLite is where a slot looks for it."""


@contextmanager
def scratch_database(address: Address, folder: Path) -> Iterator[Address]:
    """An empty database: a file in `folder`, or one more on the same server. Dropped at the end.

    Raises Unavailable, as when the user may not create databases.
    """
    if address.file:
        yield Address(f"sqlite:///{folder / SLOT / FILE}", address.environment)
        return
    name = sql.Identifier(made := f"{NAME}{secrets.token_hex(6)}")
    _do(address, sql.SQL("create database {} template template0").format(name))
    try:
        yield Address(urlunsplit(urlsplit(address.url)._replace(path=f"/{made}")), address.environment)
    finally:
        _do(address, sql.SQL("drop database {} with (force)").format(name))


def _do(address: Address, statement: sql.Composed) -> None:
    try:
        with closing(psycopg.connect(address.url, autocommit=True, connect_timeout=5)) as connection:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        words = "the database's user may not create another to verify in; grant it with `alter role … createdb`"
        raise Unavailable(words) from None
    except psycopg.Error as error:
        raise Unavailable(line(error)) from error
