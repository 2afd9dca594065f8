"""The one clock that all processes of a database go by."""

import time

import sqlalchemy as sa

_NOW = "select extract(epoch from clock_timestamp())::double precision"


def now(connection: sa.Connection) -> float:
    """Unix time by PostgreSQL's clock, or by that of the one machine that a file is on."""
    if connection.dialect.name == "postgresql":
        told: float = connection.exec_driver_sql(_NOW).scalar_one()
        return told
    return time.time()
