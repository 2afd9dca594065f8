"""A connection to PostgreSQL whose patience ends: a server that was stopped keeps its sockets open and says nothing."""

import time
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen

ANSWER_SECONDS = 7.0
"""After which a server that says nothing, not even that the statement took too long, is taken for dead."""


class Connection(psycopg.Connection[Any]):
    """Closes itself when an answer takes longer than `limit` seconds; None waits for ever, as a migration may."""

    limit: float | None = ANSWER_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Raises psycopg.OperationalError."""
        limit, started = self.limit if timeout is None else timeout, time.monotonic()
        try:
            return super().wait(gen, interval, limit)
        except psycopg.OperationalError:
            if limit is not None and time.monotonic() - started >= limit:
                self.pgconn.finish()
            raise
