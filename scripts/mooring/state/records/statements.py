"""SQL that both databases take, carried out by their drivers alone."""

import re
import sqlite3
import time
from functools import cache
from typing import Any


class Statements:
    """Carries out SQL within a transaction of `connection`, sqlite3's or psycopg's. Parameters are `:name`."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.engine = "sqlite" if isinstance(connection, sqlite3.Connection) else "postgresql"

    def __call__(self, statement: str, **values: Any) -> list[tuple[Any, ...]]:
        """The rows, if it has any. Raises the driver's errors."""
        text = statement if self.engine == "sqlite" else _for_postgres(statement)
        done = self._connection.execute(text, values) if values else self._connection.execute(statement)
        return list(done.fetchall()) if done.description else []

    def now(self) -> float:
        """Unix time by the database's clock, which is this machine's for a file."""
        if self.engine == "sqlite":
            return time.time()
        return float(self("select extract(epoch from clock_timestamp())::float8")[0][0])


@cache
def _for_postgres(statement: str) -> str:
    """With parameters as psycopg writes them."""
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", statement)
