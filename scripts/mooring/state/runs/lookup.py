"""Runs by the beginning of their name, whether they have checkpoints or not, with how they were carried out."""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import sqlalchemy as sa

from mooring.state.runs.parts import PARTS
from mooring.state.runs.parts import of_run as parts_of
from mooring.state.runs.parts import steps as steps_of
from mooring.state.runs.runs import RUNS
from mooring.state.runs.runs import get as plain

MOST = 10
"""Names that are told of those that a beginning stands for."""


@dataclass(frozen=True)
class PartSeen:
    """One part of a run: by which slot, when, and how often another process went on with it, after how many deaths."""

    part: int
    slot: str
    status: str
    created: float
    updated: float
    adopted: int
    deaths: int


@dataclass(frozen=True)
class RunSeen:
    """A run as its rows tell it. `data` is that of its last part; of one under way what its steps say so far."""

    id: str
    agent: str
    release: str
    slot: str
    status: str
    created: float
    updated: float
    durable: bool
    data: dict[str, Any]
    parts: tuple[PartSeen, ...] = field(default=())

    def head(self) -> dict[str, Any]:
        """JSON-able: all but `data`."""
        return {name: value for name, value in asdict(self).items() if name != "data"}


def named(connection: sa.Connection, beginning: str) -> list[str]:
    """Names of runs that begin so, the whole name alone where it is one; at most MOST."""
    if "\0" in beginning:  # which no run has, and PostgreSQL would not look for
        return []
    found: set[str] = set()
    for column in (RUNS.c.id, PARTS.c.run):
        like = column.startswith(beginning, autoescape=True)
        found.update(connection.execute(sa.select(column).where(like).distinct().limit(MOST + 1)).scalars())
        if connection.execute(sa.select(column).where(column == beginning).limit(1)).first():
            return [beginning]
    return sorted(found)[: MOST + 1]


def newest(connection: sa.Connection, most: int = 200) -> list[str]:
    """Names of the runs that changed last, to suggest some of them."""
    names: list[str] = []
    for column, updated in ((RUNS.c.id, RUNS.c.updated), (PARTS.c.run, PARTS.c.updated)):
        names += connection.execute(sa.select(column).order_by(updated.desc()).limit(most)).scalars()
    return names


def seen(connection: sa.Connection, run: str) -> RunSeen | None:
    """A run by its whole name; None when there is none."""
    if parts := parts_of(connection, run):
        last = parts[-1]
        data = json.loads(last.data) if last.data else _so_far(connection, last)
        told = tuple(
            PartSeen(one.part, one.slot, one.status, one.created, one.updated, one.adopted, one.deaths) for one in parts
        )
        begun, changed = parts[0].created, last.updated
        return RunSeen(run, last.agent, last.release, last.slot, last.status, begun, changed, True, data, told)
    if (row := plain(connection, run)) is None:
        return None
    return RunSeen(run, row.agent, row.release, row.slot, row.status, row.created, row.updated, False, row.data)


def _so_far(connection: sa.Connection, part: Any) -> dict[str, Any]:
    """What the steps of a part under way have recorded."""
    data: dict[str, Any] = {name: part.asked.get(name, "") for name in ("tenant", "key")}
    calls: list[Any] = []
    for value in steps_of(connection, part).values():
        match value:
            case {"record": dict(record)}:
                data, calls = data | record, list(record.get("tool_calls", ()))
            case {"calls": list(more)}:
                calls += more
    return data | {"tool_calls": calls, "resumed": part.adopted}
