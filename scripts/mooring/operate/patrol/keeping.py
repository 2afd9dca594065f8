"""Keeps what patrols saw in the environment's database, and reads what earlier ones did."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from mooring.operate.patrol.judge import Standing
from mooring.operate.patrol.patrol import Before, Checked
from mooring.operate.patrol.seen import Seen, State
from mooring.spec.patrol import Check, Http
from mooring.state.records import patrols
from mooring.state.records.patrols import Looked, Patrolled

if TYPE_CHECKING:
    import sqlalchemy as sa

DAY = 86400.0


LOCAL = ("disk", "tls-expiry")
"""Kinds of checks that look at the machine they are made on, or at what that machine is shown."""


def local(checks: Iterable[Check]) -> frozenset[str]:
    """The names of checks that are of a machine: machines that share a database must not judge each other's."""
    door = (check.name for check in checks if isinstance(check, Http) and check.url is None and check.service is None)
    return frozenset((*door, *(check.name for check in checks if check.kind in LOCAL)))


def known(connection: "sa.Connection", most: int, machine: str = "", own: Container[str] = ()) -> dict[str, Before]:
    """What earlier patrols left of each check, with at most so many looks; of checks in `own`, those of `machine`."""
    looks, found = patrols.history(connection, most), dict[str, Before]()
    for row in patrols.states(connection):
        check, _, where = row.check.partition(patrols.AT)
        # What an earlier version wrote of a check says no machine, and sorts before what one has.
        if where == "" or (where == machine and check in own):
            standing = Standing(State(row.state), row.since, row.contrary)
            found[check] = Before(standing, tuple(State(look.state) for look in looks.get(row.check, ())), row.note)
    return found


def keep(
    connection: "sa.Connection",
    checked: Sequence[Checked],
    keep_days: int,
    now: float,
    unlisted: Sequence[str] = (),
    machine: str = "",
    own: Container[str] = (),
) -> None:
    """Writes a patrol down, and deletes what is too old. Of checks that are `unlisted` it is not known what they look
    at, so all that is known of their parts stays. Checks in `own` are those of `machine`."""

    def name(check: str) -> str:
        return patrols.of(check, machine) if check in own else check

    looks = [replace(_looked(look), check=name(look.check)) for each in checked for look in each.looks]
    rows = [replace(row(each), check=name(each.last.check)) for each in checked]
    patrols.write(connection, rows, looks, now - keep_days * DAY, unlisted, machine)


def row(checked: Checked) -> Patrolled:
    """The state of a check as it is kept."""
    standing, last = checked.standing, checked.last
    return Patrolled(
        last.check,
        last.kind,
        standing.state,
        standing.since,
        standing.contrary,
        last.at,
        last.state,
        last.seconds,
        last.detail,
        checked.note,
    )


def _looked(look: Seen) -> Looked:
    return Looked(look.check, look.at, look.state, look.seconds, look.detail)
