"""Reads runs from the database, of any process."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from dbos import DBOS, StepInfo, WorkflowStatus

from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.durable.kept import of_data
from mooring.runtime.memory.durable.launch import TICKETS
from mooring.runtime.memory.durable.recorder import FINAL
from mooring.runtime.memory.run import FAILED, QUEUED, RUNNING, part_id
from mooring.runtime.memory.store import StoredRun

_PARTS = 16
"""Parts of a run that are asked for at once."""

_BATCH = 500


async def parts(run: str) -> list[WorkflowStatus]:
    """All parts of a run, the first first. By their names: a search by prefix would read the whole table."""
    found: list[WorkflowStatus] = []
    while True:
        names = [part_id(run, part) for part in range(len(found), len(found) + _PARTS)]
        rows = {row.workflow_id: row for row in await DBOS.list_workflows_async(workflow_ids=names)}
        found += [rows[name] for name in names if name in rows]
        if len(rows) < _PARTS:
            return found


async def find(run: str) -> StoredRun | None:
    """A run as its last part left it."""
    found = await parts(run)
    return await stored(found[-1]) if found else None


async def stored(row: WorkflowStatus) -> StoredRun:
    """A row as a run; of one under way, what its steps say so far."""
    if row.status == "SUCCESS" and row.output:
        return of_data(cast(dict[str, Any], row.output))
    asked: dict[str, Any] = row.input["args"][0] if row.input else {}
    steps = await DBOS.list_workflow_steps_async(row.workflow_id)
    data = _so_far(steps) | {"resumed": (row.attributes or {}).get("adopted", 0)}
    status = {"PENDING": RUNNING, "ENQUEUED": QUEUED, "DELAYED": QUEUED}.get(row.status, FAILED)
    data |= {"tenant": asked.get("tenant", ""), "origin": asked.get("origin", {})}
    if row.status in FINAL:
        data |= {"error": _lost(row).body()["error"]}
    if row.delay_until_epoch_ms and row.status == "DELAYED":
        data |= {"next_try_at": row.delay_until_epoch_ms / 1000}
    data |= {"tenant": asked.get("tenant", ""), "key": asked.get("key", "")}
    slot = (row.executor_id or "").split("-")[0]
    created, updated = (row.created_at or 0) / 1000, (row.updated_at or 0) / 1000
    return StoredRun(asked["run"], asked["agent"], asked["release"], slot, status, created, updated, data)


def _so_far(steps: Sequence[StepInfo]) -> dict[str, Any]:
    data: dict[str, Any] = {"rung": None, "usage": {"input_tokens": 0, "output_tokens": 0}, "tool_calls": []}
    for step in steps:
        match step["output"]:
            case {"record": dict(record)}:
                data = record
            case {"calls": list(calls)}:
                data = data | {"tool_calls": [*data["tool_calls"], *calls]}
    return data


def _lost(row: WorkflowStatus) -> Problem:
    if row.status == "ERROR":
        return Problem("internal_error", "the run failed")
    if (row.attributes or {}).get("cancelled"):
        return Problem("run_cancelled", "the run was ended: its client said so")
    return Problem("run_crashed", "each process that went on with the run died; it was given up")


async def queued() -> int:
    """Questions that wait for an answer under a ticket, those that are being asked again now included."""
    rows = await DBOS.list_workflows_async(
        queue_name=TICKETS, status=["DELAYED", "ENQUEUED", "PENDING"], load_input=False, load_output=False
    )
    return len(rows)


async def cancel(run: str) -> bool:
    """Ends a run wherever it is under way; False when there is none of this name that is."""
    found = await parts(run)
    if not found or found[-1].status in FINAL:
        return False
    last = found[-1]
    await DBOS.update_workflow_attributes_async(last.workflow_id, (last.attributes or {}) | {"cancelled": True})
    await DBOS.cancel_workflow_async(last.workflow_id)
    return True


async def remove(run: str) -> None:
    """Removes all parts of a run."""
    await DBOS.delete_workflows_async([row.workflow_id for row in await parts(run)])


async def forget(days: float, version: str) -> int:
    """Removes runs that began more than `days` ago and have ended; how many. DBOS itself keeps everything."""
    before = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=days)
    removed = 0
    while True:
        old = await DBOS.list_workflows_async(
            status=sorted(FINAL), end_time=before.isoformat(), app_version=version, limit=_BATCH,
            load_input=False, load_output=False,
        )  # fmt: skip
        if not old:
            return removed
        await DBOS.delete_workflows_async([row.workflow_id for row in old])
        removed += len(old)
