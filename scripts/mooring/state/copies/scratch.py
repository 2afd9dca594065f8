"""A database of the same engine for a while, beside the one that is in use."""

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from mooring.state.copies.postgres import conninfo
from mooring.state.engine import file_of
from mooring.state.unavailable import Unavailable

NAME = "mooring_verify_"


@contextmanager
def scratch_database(url: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database: a file in `folder`, or one more on the same server. Dropped at the end.

    Raises Unavailable, as when the user may not create databases.
    """
    if file_of(url):
        yield f"sqlite:///{folder / 'scratch.db'}"
        return
    name = sql.Identifier(made := f"{NAME}{secrets.token_hex(6)}")
    _do(url, sql.SQL("create database {} template template0").format(name))
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{made}"))
    finally:
        _do(url, sql.SQL("drop database {} with (force)").format(name))


def _do(url: str, statement: sql.Composed) -> None:
    try:
        with closing(psycopg.connect(conninfo(url), autocommit=True, connect_timeout=5)) as connection:
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        words = "the database's user may not create another to verify in; grant it with `alter role … createdb`"
        raise Unavailable(words) from None
    except psycopg.Error as error:
        raise Unavailable(" ".join(str(error).split("\n")[0].split())[:200]) from error
