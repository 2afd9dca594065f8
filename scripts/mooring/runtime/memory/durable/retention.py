"""Removes runs that have been kept long enough, by the database's clock: those of machines may differ by minutes."""

import asyncio
import time
from contextlib import suppress

import sqlalchemy as sa

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.durable import rows
from mooring.state.clock import now
from mooring.state.database import Database
from mooring.state.runs import executors, parts
from mooring.state.unavailable import Unavailable

EVERY_SECONDS = 3600.0

_BATCH = 500


async def retain(database: Database, seconds: float) -> None:
    """Keeps runs for so many seconds after they last changed, until cancelled."""
    while True:
        with suppress(Unavailable):
            while await database.write(lambda connection: forget(connection, seconds)):
                pass
        await asyncio.sleep(EVERY_SECONDS)


def forget(connection: sa.Connection, seconds: float) -> int:
    """Deletes some of what is too old, and ends what nobody could go on with for as long; how many were deleted."""
    before = now(connection) - seconds
    for part in parts.unserved(connection, before):
        words = f"no process that has the run's release {part.release} has gone on with it"
        rows.fail(connection, part, Problem("release_unavailable", words), time.time())
    executors.forget(connection, EVERY_SECONDS)
    return parts.forget(connection, before, _BATCH)
