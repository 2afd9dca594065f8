"""When each scheduled job last ran, and last said so: schedules are delayed, and disabled, without a word."""

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import TABLES, moment, text

HEARTBEATS = sa.Table(
    "heartbeats",
    TABLES,
    text("job", primary_key=True),
    # When it first ran, when it last ran and how that ended, and when that was last told to the repository's host.
    moment("first"),
    moment("ran"),
    text("outcome"),
    sa.Column("reported", tables.SECONDS),
)

JOBS = {
    "patrol": 900.0,
    "drift": 1800.0,
    "behaviour": 86400.0,
    "export-state": 3600.0,
    "verify-backup": 7 * 86400.0,
    "live-drills": 7 * 86400.0,
}
"""Scheduled jobs, and every how many seconds each runs. They are the names of their workflows."""

SOMEWHERE = frozenset({"live-drills"})
"""Jobs that do not run for every environment: none is late where it never ran."""

LATE = 2
"""Periods after which a job that has not reported is late."""

_C = HEARTBEATS.c


@dataclass(frozen=True)
class Heartbeat:
    """A job's last run (Unix time), how it ended, and when a run of it was last reported; None where never."""

    job: str
    first: float
    ran: float
    outcome: str
    reported: float | None

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@dataclass(frozen=True)
class Late:
    """A job that has not reported for too long: since when, None for never; and when it last ran all the same."""

    job: str
    period: float
    reported: float | None
    ran: float | None


def beat(connection: sa.Connection, job: str, outcome: str, now: float, *, reported: bool) -> None:
    """Writes down that a job ran, and whether that was reported."""
    put = tables.insert(connection.dialect.name, HEARTBEATS)
    new = put.excluded
    told = sa.func.coalesce(new.reported, _C.reported)
    again = put.on_conflict_do_update(
        index_elements=["job"], set_={"ran": new.ran, "outcome": new.outcome, "reported": told}
    )
    row = {"job": job, "first": now, "ran": now, "outcome": outcome, "reported": now if reported else None}
    connection.execute(again, row)


def heartbeats(connection: sa.Connection) -> list[Heartbeat]:
    """The jobs that ever ran, by name."""
    return [Heartbeat(*row) for row in connection.execute(sa.select(HEARTBEATS).order_by(_C.job))]


def late(known: list[Heartbeat], now: float) -> list[Late]:
    """Jobs that have not reported for two of their periods. Where none ever ran, nothing is scheduled.

    A job that never ran is late that long after the first one of them did, unless it only runs somewhere.
    """
    if not known:
        return []
    by_job, since = {beat.job: beat for beat in known}, min(beat.first for beat in known)
    found = []
    for job, period in JOBS.items():
        beat = by_job.get(job)
        if beat is None and job in SOMEWHERE:
            continue
        last = (beat.reported or beat.first) if beat else since
        if now - last > LATE * period:
            found.append(Late(job, period, beat.reported if beat else None, beat.ran if beat else None))
    return found
