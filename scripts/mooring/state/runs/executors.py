"""Processes that have runs: each holds a lease, which ends by the database's clock unless it is renewed.

Only where machines share the database. In one state folder, a lock that the kernel frees says at once who is dead.
"""

from functools import cache

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.clock import now
from mooring.state.runs.parts import PARTS, RUNNING
from mooring.state.tables import TABLES, moment, text

EXECUTORS = sa.Table(
    "executors",
    TABLES,
    text("name", primary_key=True),
    # The state folder that it is in.
    text("home"),
    moment("lease_end"),
)

_E = EXECUTORS.c
_VALID = sa.exists().where(_E.name == PARTS.c.executor, _E.lease_end > sa.bindparam("now"))
_LAPSED = sa.select(PARTS.c.executor).distinct().where(PARTS.c.status == RUNNING, ~_VALID)
_LEASE = sa.select(_E.lease_end).where(_E.name == sa.bindparam("of")).with_for_update()
_BURIED = sa.select(_E.name).where(_E.lease_end == 0)
_BUSY = (
    sa.select(_E.name, _E.home)
    .distinct()
    .where(_E.name == PARTS.c.executor, PARTS.c.status == RUNNING, _E.lease_end > 0)
)
_BURY = sa.update(EXECUTORS).where(_E.name == sa.bindparam("of")).values(lease_end=0)
_OTHERS = sa.select(_E.name).where(_E.home != sa.bindparam("mine"), _E.lease_end > sa.bindparam("now")).limit(1)


def renew(connection: sa.Connection, name: str, home: str, seconds: float) -> None:
    """Holds the lease for so many seconds from now."""
    row = {"name": name, "home": home, "lease_end": now(connection) + seconds}
    connection.execute(_renew(connection.dialect.name), row)


def remove(connection: sa.Connection, name: str) -> None:
    """Ends a lease."""
    connection.execute(sa.delete(EXECUTORS).where(_E.name == name))


def forget(connection: sa.Connection, seconds: float) -> None:
    """Deletes leases that ended so many seconds ago."""
    connection.execute(sa.delete(EXECUTORS).where(_E.lease_end < now(connection) - seconds))


def lapsed(connection: sa.Connection) -> set[str]:
    """Processes that have runs under way and no lease."""
    return set(connection.execute(_LAPSED, {"now": now(connection)}).scalars())


def busy(connection: sa.Connection) -> dict[str, str]:
    """Processes that have runs under way and were not buried, with their state folders."""
    return dict(map(tuple, connection.execute(_BUSY)))


def bury(connection: sa.Connection, name: str) -> None:
    """Ends the lease of a process that is known to be dead: others need not wait to see. Undone when it renews."""
    connection.execute(_BURY, {"of": name})


def buried(connection: sa.Connection) -> set[str]:
    """Processes of which somebody knew that they are dead."""
    return set(connection.execute(_BURIED).scalars())


def holds(connection: sa.Connection, name: str) -> bool:
    """Whether a process has a lease, which it cannot renew before the transaction ends."""
    end = connection.execute(_LEASE, {"of": name}).scalar()
    return end is not None and end > now(connection)


def elsewhere(connection: sa.Connection, home: str) -> bool:
    """Whether a process of another state folder holds a lease."""
    return connection.execute(_OTHERS, {"mine": home, "now": now(connection)}).first() is not None


@cache
def _renew(dialect: str) -> sa.Executable:
    made = tables.insert(dialect, EXECUTORS)
    return made.on_conflict_do_update(index_elements=["name"], set_={"lease_end": made.excluded.lease_end})
