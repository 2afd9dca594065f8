"""Parts that wait for a process: tries under tickets, and what dead processes left. Exactly one takes each."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from mooring.state.clock import now
from mooring.state.runs import executors, parts
from mooring.state.runs.parts import PARTS, QUEUED, RUNNING, Key, Part

ALONE = 2
"""From this number of deaths on a part runs while no other such part does: it may be what kills its processes."""

_SUSPECTS_LOCK = 0x6D6F6F73
"""What PostgreSQL knows the lock by under which a suspect is taken: any number that nobody else takes."""

_C = PARTS.c
_NOW: sa.BindParameter[float] = sa.bindparam("now")
_DUE = sa.and_(_C.status == QUEUED, sa.or_(_C.not_before.is_(None), _C.not_before <= _NOW, _C.adopted > 0))
_RELEASES = sa.select(_C.release).distinct().where(_DUE)
_OF = sa.select(PARTS).where(_C.executor == sa.bindparam("dead"), _C.status == RUNNING).with_for_update()
_FREE: dict[str, Any] = {"status": QUEUED, "executor": None, "adopted": _C.adopted + 1, "updated": _NOW}
_DIED = {"deaths": _C.deaths + 1}
_AT = (_C.run == sa.bindparam("of"), _C.part == sa.bindparam("at"))
_RELEASE = sa.update(PARTS).where(*_AT).values(_FREE)
_RELEASE_OF_DEAD = _RELEASE.values(_DIED)
_TAKE = (
    sa.update(PARTS)
    .where(*_AT)
    .values(status=RUNNING, executor=sa.bindparam("me"), slot=sa.bindparam("by"), updated=_NOW)
)
_SUSPECT_RUNS = sa.select(_C.run).where(_C.status == RUNNING, _C.deaths >= ALONE).limit(1)


@dataclass(frozen=True)
class Room:
    """How many parts a process takes now: of dead processes, and tries under tickets."""

    adopted: int
    tries: int


def due(connection: sa.Connection) -> list[str]:
    """The releases of the parts that may go on now."""
    return list(connection.execute(_RELEASES, {"now": now(connection)}).scalars())


def abandon(connection: sa.Connection, executor: str, most: int) -> tuple[list[Part], list[Part]]:
    """Queues the parts of a dead process, and ends its lease; those queued, and those that `most` died during before.

    The latter are still the dead one's, for the caller to end.
    """
    split = _queued(connection, _of(connection, executor), most)
    executors.remove(connection, executor)
    return split


def hand_over(connection: sa.Connection, executor: str) -> None:
    """Queues the parts of a process that ends in order, and ends its lease. That is no death, however often it is."""
    _free(connection, _RELEASE, _of(connection, executor))
    executors.remove(connection, executor)


def give_back(
    connection: sa.Connection, executor: str, keys: Collection[Key], most: int
) -> tuple[list[Part], list[Part]]:
    """The same as `abandon` with some parts of a living process, which it cannot go on with."""
    found = [part for part in _of(connection, executor) if (part.run, part.part) in keys]
    return _queued(connection, found, most)


def _of(connection: sa.Connection, executor: str) -> list[Part]:
    return [Part(*row) for row in connection.execute(_OF, {"dead": executor})]


def _queued(connection: sa.Connection, found: Sequence[Part], most: int) -> tuple[list[Part], list[Part]]:
    free = [part for part in found if part.deaths < most]
    _free(connection, _RELEASE_OF_DEAD, free)
    return free, [part for part in found if part.deaths >= most]


def _free(connection: sa.Connection, how: sa.Update, found: Sequence[Part]) -> None:
    if found:
        moment = now(connection)
        connection.execute(how, [{"of": part.run, "at": part.part, "now": moment} for part in found])


def take(
    connection: sa.Connection, executor: str, slot: str, releases: Sequence[str], room: Room
) -> list[tuple[Part, dict[str, Any]]]:
    """Takes parts of these releases that are due, with the steps that each has done."""
    moment = now(connection)
    wanted = sa.select(PARTS).where(_DUE, _C.release.in_(releases)).with_for_update(skip_locked=True)
    kinds = [(sa.and_(_C.adopted > 0, _C.deaths < ALONE), room.adopted), (_C.adopted == 0, room.tries)]
    if _may_take_suspect(connection):
        kinds.append((_C.deaths >= ALONE, 1))
    found: list[Part] = []
    for kind, most in kinds:
        if most > 0:
            rows = connection.execute(wanted.where(kind).order_by(_C.updated).limit(most), {"now": moment})
            found += [Part(*row) for row in rows]
    if found:
        taken = {"me": executor, "by": slot, "now": moment}
        connection.execute(_TAKE, [{"of": part.run, "at": part.part} | taken for part in found])
    return [(part, parts.steps(connection, part)) for part in found]


def _may_take_suspect(connection: sa.Connection) -> bool:
    postgres = connection.dialect.name == "postgresql"
    if postgres and not connection.exec_driver_sql(f"select pg_try_advisory_xact_lock({_SUSPECTS_LOCK})").scalar():
        return False
    return connection.execute(_SUSPECT_RUNS).first() is None
