"""Keeps what patrols saw in the environment's database, and reads what earlier ones did."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mooring.operate.patrol.judge import Standing
from mooring.operate.patrol.patrol import Before, Checked
from mooring.operate.patrol.seen import Seen, State
from mooring.state.records import patrols
from mooring.state.records.patrols import Looked, Patrolled

if TYPE_CHECKING:
    import sqlalchemy as sa

DAY = 86400.0


def known(connection: "sa.Connection", most: int) -> dict[str, Before]:
    """What earlier patrols left of each check, with at most so many looks."""
    looks = patrols.history(connection, most)
    return {
        row.check: Before(
            Standing(State(row.state), row.since, row.contrary),
            tuple(State(look.state) for look in looks.get(row.check, ())),
            row.note,
        )
        for row in patrols.states(connection)
    }


def keep(
    connection: "sa.Connection", checked: Sequence[Checked], keep_days: int, now: float, unlisted: Sequence[str] = ()
) -> None:
    """Writes a patrol down, and deletes what is too old. Of checks that are `unlisted` it is not known what they look
    at, so all that is known of their parts stays."""
    looks = [_looked(look) for each in checked for look in each.looks]
    patrols.write(connection, [row(each) for each in checked], looks, now - keep_days * DAY, unlisted)


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
