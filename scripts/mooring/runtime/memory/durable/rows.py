"""Runs as their rows tell them, of any process."""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.store import StoredRun
from mooring.state.runs import parts
from mooring.state.runs.parts import QUEUED, UNDER_WAY, Part


def find(connection: sa.Connection, run: str) -> StoredRun | None:
    """A run as its last part left it."""
    part = parts.last(connection, run)
    return stored(connection, part) if part else None


def attempts(connection: sa.Connection, ticket: str) -> list[StoredRun]:
    """All parts of a run, the first first."""
    return [stored(connection, part) for part in parts.of_run(connection, ticket)]


def stored(connection: sa.Connection, part: Part) -> StoredRun:
    """A part as a run; of one under way, what its steps say so far."""
    data = json.loads(part.data) if part.data else so_far(connection, part)
    if part.status == QUEUED and part.not_before and not part.adopted:
        data |= {"next_try_at": part.not_before}
    return StoredRun(
        part.run, part.agent, part.release, part.slot, part.status, part.created, part.updated, data, part.messages
    )


def so_far(connection: sa.Connection, part: Part) -> dict[str, Any]:
    """What a part that has not ended has done."""
    data: dict[str, Any] = {"rung": None, "usage": {"input_tokens": 0, "output_tokens": 0}, "tool_calls": []}
    for value in parts.steps(connection, part).values():
        match value:
            case {"record": dict(record)}:
                data = record
            case {"calls": list(calls)}:
                data = data | {"tool_calls": [*data["tool_calls"], *calls]}
    asked: Mapping[str, Any] = part.asked
    told = {name: asked.get(name, "") for name in ("tenant", "key")} | {"origin": asked.get("origin", {})}
    return data | told | {"resumed": part.adopted}


def cancel(connection: sa.Connection, run: str, now: float) -> bool:
    """Ends a run wherever it is under way; False when there is none of this name that is."""
    part = parts.last(connection, run)
    if part is None or part.status not in UNDER_WAY:
        return False
    return fail(connection, part, Problem("run_cancelled", "the run was ended: its client said so"), now)


def fail(connection: sa.Connection, part: Part, problem: Problem, now: float) -> bool:
    """Ends a part under way, whoever has it, with what it has done so far."""
    data = so_far(connection, part) | {"part": part.part, "error": problem.body()["error"]}
    return parts.close(connection, part, data, now)
