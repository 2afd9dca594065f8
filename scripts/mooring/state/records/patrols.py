"""What patrols saw of an environment's dependencies: the state that each check is in, and every look at it."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state import tables
from mooring.state.tables import SECONDS, TABLES, moment, number, text

CHECKS = sa.Table(
    "patrol_checks",
    TABLES,
    text("name", primary_key=True),
    text("kind"),
    # The state it is in and since when; how many looks in a row since then say otherwise.
    text("state"),
    moment("since"),
    number("contrary"),
    # The last look: when, what it found by itself, how long it took, and in words.
    moment("seen"),
    text("found"),
    sa.Column("seconds", SECONDS, nullable=False),
    text("detail"),
    # What was found out about the state it is in: JSON, or "".
    text("note"),
)

LOOKS = sa.Table(
    "patrol_looks",
    TABLES,
    text("name", primary_key=True),
    sa.Column("at", SECONDS, primary_key=True),
    text("state"),
    sa.Column("seconds", SECONDS, nullable=False),
    text("detail"),
    sa.Index("patrol_looks_by_time", "at"),
)


AT = "@"
"""Between the name of a check and the machine that it is of: that of a document has none."""


def of(check: str, machine: str) -> str:
    """The name of a check of one machine, such as of its disk, where several share the database."""
    return f"{check}{AT}{machine}"


@dataclass(frozen=True, slots=True)
class Patrolled:
    """The state of one check. `since` and `seen` are Unix time, `seconds` is how long the last look took.

    `note` is JSON of what was found out about this state, or "".
    """

    check: str
    kind: str
    state: str
    since: float
    contrary: int
    seen: float
    found: str
    seconds: float
    detail: str
    note: str = ""

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Looked:
    """One look at one check."""

    check: str
    at: float
    state: str
    seconds: float
    detail: str


def states(connection: sa.Connection) -> list[Patrolled]:
    """The state of every check, by name."""
    return [Patrolled(*row) for row in connection.execute(sa.select(CHECKS).order_by(CHECKS.c.name))]


def history(connection: sa.Connection, most: int) -> dict[str, list[Looked]]:
    """The last looks at each check, at most so many, the newest last."""
    newest = sa.func.row_number().over(partition_by=LOOKS.c.name, order_by=LOOKS.c.at.desc()).label("newest")
    ranked = sa.select(LOOKS, newest).subquery()
    columns = (ranked.c[column.name] for column in LOOKS.c)
    found: dict[str, list[Looked]] = {}
    for row in connection.execute(sa.select(*columns).where(ranked.c.newest <= most).order_by(ranked.c.at)):
        found.setdefault(row.name, []).append(Looked(*row))
    return found


def looks(connection: sa.Connection, kind: str, since: float) -> dict[str, list[Looked]]:
    """The looks at checks of a kind from a moment on (Unix time), the newest last."""
    named = sa.select(CHECKS.c.name).where(CHECKS.c.kind == kind)
    wanted = sa.select(LOOKS).where(LOOKS.c.at >= since, LOOKS.c.name.in_(named)).order_by(LOOKS.c.at)
    found: dict[str, list[Looked]] = {}
    for row in connection.execute(wanted):
        found.setdefault(row.name, []).append(Looked(*row))
    return found


def write(
    connection: sa.Connection,
    now_in: Sequence[Patrolled],
    looks: Iterable[Looked],
    before: float,
    unlisted: Sequence[str] = (),
    machine: str = "",
) -> None:
    """Writes the states and the looks of a patrol. States of checks that are no more go, and looks from `before`.

    The parts of an `unlisted` check stay, which are named CHECK/PART, and checks of other machines than this one, until
    these were not seen for as long.
    """
    put = tables.insert(connection.dialect.name, CHECKS)
    new = {column.name: put.excluded[column.name] for column in CHECKS.c if column.name != "name"}
    # In one order, so that two patrols do not wait for each other's rows.
    rows = [_row(each.data()) for each in sorted(now_in, key=lambda each: each.check)]
    if rows:
        connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=new), rows)
    names = [row["name"] for row in rows]
    stay = [CHECKS.c.name.startswith(f"{check}/", autoescape=True) for check in unlisted]
    others = sa.not_(CHECKS.c.name.endswith(of("", machine), autoescape=True)) & (CHECKS.c.seen >= before)
    stay.append(CHECKS.c.name.contains(AT) & others)
    connection.execute(sa.delete(CHECKS).where(CHECKS.c.name.not_in(names), sa.not_(sa.or_(*stay))))
    added = [_row(asdict(each)) for each in looks]
    if added:
        connection.execute(tables.insert(connection.dialect.name, LOOKS).on_conflict_do_nothing(), added)
    connection.execute(sa.delete(LOOKS).where(LOOKS.c.at < before))


def annotate(connection: sa.Connection, check: str, since: float, note: str) -> None:
    """Writes down what was found out about the state that a check is in since then, unless it is in another by now."""
    connection.execute(sa.update(CHECKS).where(CHECKS.c.name == check, CHECKS.c.since == since).values(note=note))


def _row(data: dict[str, Any]) -> dict[str, Any]:
    return {"name": data.pop("check"), **data}
