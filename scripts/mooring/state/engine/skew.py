"""How far the clock of this machine is from the database's, the only one that two machines share."""

import time

import sqlalchemy as sa


def ahead(connection: sa.Connection) -> float:
    """Seconds that this machine's clock is ahead of the database's; 0 for a file, which has no other clock.

    Half the way there and back is taken off.
    """
    if connection.dialect.name == "sqlite":
        return 0.0
    before = time.time()
    there = float(connection.exec_driver_sql("select extract(epoch from clock_timestamp())").scalar_one())
    return (before + time.time()) / 2 - there
