"""The clock of the database, the only one that two machines share."""

import time

import sqlalchemy as sa

_NOW = {
    "sqlite": "select (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "select extract(epoch from clock_timestamp())",
}


def now(connection: sa.Connection) -> float:
    """Unix time as the database has it."""
    return float(connection.exec_driver_sql(_NOW[connection.dialect.name]).scalar_one())


def difference(connection: sa.Connection) -> float:
    """Seconds that this machine's clock is ahead of the database's; half the way there and back is taken off."""
    before = time.time()
    there = now(connection)
    return (before + time.time()) / 2 - there
