"""A connection to PostgreSQL whose patience ends: a server that was stopped keeps its sockets open and says nothing."""

import math
import time
from typing import Any

import psycopg
from psycopg.abc import RV, PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from mooring.state.place.address import Address

STATEMENT_MS, LOCK_MS = 5000, 2000
"""How long PostgreSQL may take for one statement, and of that for a lock that another one holds."""

_LINK: dict[str, Any] = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 2,
    "tcp_user_timeout": STATEMENT_MS,
}
"""How soon libpq notices a dead link to a host; a URL may say otherwise."""

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


def connect(address: Address, patience: float = ANSWER_SECONDS) -> Connection:
    """A connection to a server, which sees the environment's tables alone. Raises psycopg.Error.

    `patience` is for how many seconds the server may say nothing; less than two are taken for two while it connects.
    """
    link = {**_LINK, **conninfo_to_dict(address.url)}
    if patience < ANSWER_SECONDS:
        link["connect_timeout"] = max(2, math.ceil(patience))  # libpq takes 1 for 2
    # By libpq and not by SQLAlchemy's URL, which takes one host only.
    made = Connection.connect(make_conninfo(**link))
    made.limit = patience
    settings = {"search_path": address.quoted, "statement_timeout": STATEMENT_MS, "lock_timeout": LOCK_MS}
    # A stricter one would fix what a transaction sees before its first statement has waited for a lock.
    settings["default_transaction_isolation"] = "'read committed'"
    for name, value in settings.items():
        made.execute(f"set {name} to {value}".encode())
    made.commit()
    return made
