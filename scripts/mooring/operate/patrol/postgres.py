"""Asks a PostgreSQL database that an environment depends on. It blocks: it is called in a thread."""

from typing import Any, LiteralString

import psycopg
from psycopg import sql

from mooring.operate.patrol.seen import NotMade, Trouble

Query = LiteralString | sql.Composed


def ask(url: str, query: Query, seconds: float) -> list[tuple[Any, ...]]:
    """The rows of a query. Raises Trouble, whose text may repeat parts of the URL, and NotMade where it is none."""
    options = f"-c statement_timeout={max(1, int(seconds * 1000))} -c default_transaction_read_only=on"
    try:
        with psycopg.connect(
            url,
            autocommit=True,
            connect_timeout=max(2, int(seconds) + 1),  # libpq takes 1 for 2
            application_name="mooring-patrol",
            options=options,
        ) as connection:
            return connection.execute(query).fetchall()
    except psycopg.ProgrammingError as error:
        if error.sqlstate is None:
            raise NotMade("the variable holds no address of PostgreSQL, such as postgresql://HOST:5432/NAME") from None
        raise Trouble(_words(error)) from error
    except psycopg.Error as error:
        raise Trouble(_words(error)) from error


def _words(error: psycopg.Error) -> str:
    """What the server said, or else the last thing that the client says: those before are other tries."""
    if error.diag.message_primary:
        return error.diag.message_primary
    # Lines that are indented go on with the one before.
    lines = [line for line in str(error).splitlines() if line and not line[0].isspace()]
    return lines[-1].removeprefix("connection failed: ") if lines else type(error).__name__
