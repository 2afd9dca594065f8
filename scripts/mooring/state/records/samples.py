"""What an environment had counted, minute by minute and machine by machine, for what is promised over weeks.

What lies longer back is kept less often: each minute for six hours, every fifth for three days, then each hour.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import TABLES, number, text

SAMPLES = sa.Table(
    "samples",
    TABLES,
    text("machine", primary_key=True),
    # Since 1970.
    number("minute", primary_key=True),
    text("data"),
)

KEEP_MINUTES = 35 * 1440
"""A month, and a little more, so that a window of 30 days has a beginning."""

THINNED = ((360, 5), (4320, 60))
"""Samples that are older than so many minutes are kept for every so many."""

_C = SAMPLES.c


class Sample(NamedTuple):
    """What one machine had counted at the beginning of a minute, as the JSON text that it is kept as."""

    machine: str
    minute: int
    text: str

    @property
    def data(self) -> dict[str, Any]:
        """All of it: of a month that is far too much to be parsed for each look."""
        return dict(json.loads(self.text))


def put(connection: sa.Connection, machine: str, minute: int, data: Mapping[str, Any]) -> None:
    """Keeps what a machine has counted; the first one of a minute stays."""
    row = {"machine": machine, "minute": minute, "data": json.dumps(data, separators=(",", ":"))}
    connection.execute(tables.insert(connection.dialect.name, SAMPLES).on_conflict_do_nothing(), row)


def thin(connection: sa.Connection, minute: int) -> None:
    """Deletes what is too old, and of what is older most."""
    connection.execute(sa.delete(SAMPLES).where(_C.minute < minute - KEEP_MINUTES))
    for age, every in THINNED:
        connection.execute(sa.delete(SAMPLES).where(_C.minute < minute - age, _C.minute % every != 0))


def since(connection: sa.Connection, minute: int) -> list[Sample]:
    """The samples from a minute on, and of each machine the last one before, the oldest first."""
    before = sa.select(_C.machine, sa.func.max(_C.minute)).where(_C.minute < minute).group_by(_C.machine)
    begun = sa.tuple_(_C.machine, _C.minute).in_(before)
    found = sa.select(_C.machine, _C.minute, _C.data).where(sa.or_(_C.minute >= minute, begun))
    # The database would carry all texts along while it sorts them.
    return sorted(
        (Sample(*row) for row in connection.execute(found)), key=lambda sample: (sample.minute, sample.machine)
    )
