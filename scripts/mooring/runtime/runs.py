"""Runs that outlive their request: started, waited for, paused for a person's approval, and gone on with."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from pydantic_ai.messages import ModelMessagesTypeAdapter
from pydantic_ai.tools import DeferredToolResults, ToolDenied

from mooring.runtime.agents import Served
from mooring.runtime.logs import LOGGER
from mooring.runtime.problems import Problem
from mooring.runtime.record import Record
from mooring.runtime.store import RunStore, StoredRun
from mooring.runtime.turn import Answer, Turn

if TYPE_CHECKING:
    from mooring.runtime.runtime import Runtime

QUEUED, RUNNING, WAITING, DONE, FAILED = "queued", "running", "awaiting-approval", "done", "failed"


class Runs:
    """The runs of a slot. Each is written down when it is accepted and whenever its status changes."""

    def __init__(self, runtime: "Runtime", store: RunStore) -> None:
        self._runtime = runtime
        self.store = store
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def under_way(self) -> int:
        """Runs being worked on now."""
        return len(self._tasks)

    async def close(self) -> None:
        """Stops what is under way; it is put down as interrupted."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.store.close()

    async def start(self, served: Served, turn: Turn, languages: tuple[str, ...]) -> StoredRun:
        """Accepts a run and begins it. Raises Problem when it cannot be written down."""
        record = self._runtime.record(served, languages)
        run = self._new(served, record, QUEUED)
        await self.store.put(run)
        self._begin(run, record, lambda: served.run(turn))
        return run

    async def park(self, served: Served, record: Record, answer: Answer) -> None:
        """Keeps a run that a chat request began and that waits for approval."""
        await self.store.put(_ended(self._new(served, record, RUNNING), record, answer))

    async def decide(self, run_id: str, approved: bool, message: str = "") -> StoredRun:
        """Approves or denies all calls that a run waits for, and goes on with it in its own release. Raises Problem."""
        waiting = await self.get(run_id)
        served = self._runtime.agent(waiting.agent, waiting.release)
        run = await self.store.claim(run_id, self._runtime.settings.slot)
        if run is None or run.messages is None:
            raise Problem("run_not_waiting", f"run {run_id} is {waiting.status}; it waits for no approval")
        record = self._runtime.record(served, run=run.id)
        record.restore(run.data)
        history = ModelMessagesTypeAdapter.validate_json(run.messages)
        verdict = True if approved else ToolDenied(message or "A person denied this call.")
        decisions = DeferredToolResults(approvals={call["id"]: verdict for call in run.data["approvals"]})
        self._begin(run, record, lambda: served.go_on(history, decisions))
        return run

    async def get(self, run_id: str) -> StoredRun:
        """A run of either slot. Raises Problem when there is none."""
        run = await self.store.get(run_id)
        if run is None:
            raise Problem("run_not_found", f"there is no run {run_id[:80]!r}")
        return run

    async def wait(self, run_id: str, seconds: float) -> StoredRun:
        """A run once it has ended or paused, or as it stands after `seconds`."""
        if task := self._tasks.get(run_id):
            await asyncio.wait({task}, timeout=seconds)
        return await self.get(run_id)

    def _new(self, served: Served, record: Record, status: str) -> StoredRun:
        now = time.time()
        slot, agent = self._runtime.settings.slot, served.document.name
        return StoredRun(record.run, agent, served.release, slot, status, now, now, record.data())

    def _begin(self, run: StoredRun, record: Record, work: Callable[[], Awaitable[Answer]]) -> None:
        task = asyncio.create_task(self._work(run, record, work), name=run.id)
        self._tasks[run.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(run.id, None))

    async def _work(self, run: StoredRun, record: Record, work: Callable[[], Awaitable[Answer]]) -> None:
        try:
            await self.store.put(replace(run, status=RUNNING, updated=time.time()))
            ended = _ended(run, record, await self._runtime.observed(record, work))
        except asyncio.CancelledError:
            interrupted = Problem("run_interrupted", "the slot that ran it has ended")
            await self.store.put(_failed(run, record, interrupted))
            raise
        except Problem as problem:
            ended = _failed(run, record, problem)
        except Exception:  # noqa: BLE001 - a run always ends in the store
            LOGGER.exception("run failed", extra={"run": run.id, "agent": run.agent})
            ended = _failed(run, record, Problem("internal_error", "the run failed"))
        try:
            await self.store.put(ended)
        except Problem:
            LOGGER.exception("run cannot be stored", extra={"run": run.id, "status": ended.status})


def _ended(run: StoredRun, record: Record, answer: Answer) -> StoredRun:
    if not answer.approvals:
        data = record.data() | {"answer": answer.text}
        return replace(run, status=DONE, updated=time.time(), data=data, messages=None)
    data = record.data() | {"approvals": [asdict(approval) for approval in answer.approvals]}
    kept = ModelMessagesTypeAdapter.dump_json(list(answer.messages))
    return replace(run, status=WAITING, updated=time.time(), data=data, messages=kept)


def _failed(run: StoredRun, record: Record, problem: Problem) -> StoredRun:
    data = record.data() | {"error": problem.body()["error"]}
    return replace(run, status=FAILED, updated=time.time(), data=data, messages=None)


def shown(run: StoredRun) -> dict[str, Any]:
    """A run as a client sees it."""
    head = {"id": run.id, "object": "run", "agent": run.agent, "status": run.status, "release": run.release}
    moments = {"slot": run.slot, "created_at": run.created, "updated_at": run.updated}
    return head | moments | {"answer": None, "approvals": [], "error": None} | run.data
