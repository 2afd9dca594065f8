"""How many migrations the code knows that each slot runs with: what a one-way door would shut out."""

import time
from dataclasses import dataclass

import sqlalchemy as sa

from mooring.state.tables import TABLES, insert, moment, number, text

RUNNING = sa.Table(
    "running_code",
    TABLES,
    # Which state folder on which machine: two supervisors may share a database.
    text("folder", primary_key=True),
    text("slot", primary_key=True),
    text("release"),
    number("migrations"),
    moment("since"),
)


@dataclass(frozen=True, slots=True)
class RunningCode:
    """A slot's release and the number of migrations that its code knows; `since` is Unix time."""

    folder: str
    slot: str
    release: str
    migrations: int
    since: float


def say(connection: sa.Connection, folder: str, slot: str, release: str, migrations: int) -> None:
    """Writes what a slot runs with from now on."""
    new = {"release": release, "migrations": migrations, "since": time.time()}
    made = insert(connection.dialect.name, RUNNING).values(folder=folder, slot=slot, **new)
    connection.execute(made.on_conflict_do_update(index_elements=["folder", "slot"], set_=new))


def told(connection: sa.Connection) -> list[RunningCode]:
    """What each slot of each machine said last, also when it has ended since."""
    return [RunningCode(*row) for row in connection.execute(sa.select(RUNNING).order_by("folder", "slot"))]
