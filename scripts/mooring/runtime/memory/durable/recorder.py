"""The thread that writes runs down, by DBOS: nothing it waits for holds up an answer.

DBOS gives rows and steps, their owner (a process that lost a run cannot write to it), queues with delays, and the
same on SQLite and PostgreSQL. A run is one workflow; what DBOS calls its steps are written after they were done, in
order, and are looked up by their own names when a run goes on. So DBOS' numbers of steps mean nothing, and a write
that failed may be done again under the next number.
"""

import asyncio
import contextvars
import sys
import threading
from collections.abc import Coroutine
from typing import Any, Protocol, TypeVar, cast

from dbos import DBOS, SetEnqueueOptions, SetWorkflowID, WorkflowStatus
from dbos import error as failures
from pydantic import JsonValue

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.memory.durable import database
from mooring.runtime.memory.durable.gate import PAUSE, TROUBLE, Gate, Gone, told
from mooring.runtime.memory.durable.kept import Kept
from mooring.runtime.memory.durable.launch import ADOPTED, STATE_VERSION, TICKETS, declare, launch, let_go
from mooring.runtime.memory.steps import Entry

T = TypeVar("T")

TURN = 0.001
"""Seconds after which a thread that waits for the interpreter gets its turn.

A write is many short calls to the database, after each of which the thread waits for its turn again: with Python's own
5 ms, answers take the processor from what they wait for.
"""

FINAL = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
"""What DBOS calls the ends of a run."""


class Host(Protocol):
    """What happens in the loop of the answers; each may be called from the recorder's thread."""

    def kept(self, run: str) -> Kept | None:
        """A run under way here."""

    async def revive(self, data: dict[str, Any], recorded: dict[str, JsonValue], adopted: int) -> Kept:
        """Begins a run that was queued, or again one that `adopted` processes had; `recorded` steps are not redone."""

    def took(self, kept: Kept, error: Exception | None = None) -> None:
        """The run's row is in the database, or never will be."""

    def wrote(self, entry: Entry) -> None:
        """A step is in the database."""

    def lost(self, kept: Kept) -> None:
        """Another process has taken the run over."""

    def finished(self, kept: Kept) -> None:
        """The end of the run is in the database, written by this process or another."""


class Recorder:
    """One in a process, since DBOS is. Its methods are called in its own loop, `loop`."""

    def __init__(self, url: str, executor: str, home: str, host: Host) -> None:
        self._url, self._executor, self._host = url, executor, host
        self.version = f"{STATE_VERSION}-{home}"
        self.engine = database.engine(url)
        self.transactions = database.Transactions(self.engine)
        self._file = database.File(url)
        self.gate = Gate(self._file.replaced, self._mend)
        self.loop = asyncio.new_event_loop()
        self.opened, self.tried = threading.Event(), threading.Event()
        self._recording: set[str] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._stop = asyncio.Event()

    def start(self) -> None:
        """Begins to open the database, and tries until it is open."""
        global _recorder
        _recorder = self
        sys.setswitchinterval(TURN)
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Ends the thread. Waits for it, from another one."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(seconds)

    def keep(self, kept: Kept) -> None:
        """Writes down a run that began here, until its end."""
        self._spawn(self._keep(kept))

    async def enqueue(self, data: dict[str, Any], run: str, delay: float) -> None:
        """Has a run begin later; one that is queued already stays as it is."""

        async def put() -> None:
            with SetWorkflowID(run), SetEnqueueOptions(delay_seconds=delay, app_version=self.version):
                await DBOS.enqueue_workflow_async(TICKETS, run_workflow, data)

        await self.gate.through(put)

    async def again(self, run: str, queue: str, adopted: int) -> None:
        """Has any process go on with a run whose own is dead."""
        await DBOS.update_workflow_attributes_async(run, {"adopted": adopted})
        await DBOS.resume_workflow_async(run, queue_name=queue)

    async def _recorded(self, run: str) -> tuple[dict[str, JsonValue], int, int]:
        """The steps of a run by name, the highest number DBOS gave to one, and how often the run was adopted.

        Not to be asked within a workflow, of which DBOS makes each question a step. A write that fails may leave a
        step with an error behind; it was done again.
        """
        steps, status = await DBOS.list_workflow_steps_async(run), await self.status(run)
        values = {step["function_name"]: step["output"] for step in steps if step["error"] is None}
        adopted = (status.attributes or {}).get("adopted", 0) if status else 0
        return values, max((step["function_id"] for step in steps), default=0), adopted

    async def record(self, run: str, data: dict[str, Any]) -> dict[str, Any]:
        """The workflow's body: writes what a run does, as it does it, and returns its result."""
        kept, already = self._host.kept(run), dict[str, JsonValue]()
        if kept is None or not kept.fresh:
            already, highest, adopted = await self._spawn(self.gate.through(lambda: self._recorded(run)))
            while DBOS.reserve_step().step_id < highest:
                pass
            if kept is None:
                kept = await self._host.revive(data, already, adopted)
                self._spawn(self._finish(kept))
        kept.fresh = False
        self._host.took(kept)
        self._recording.add(run)
        try:
            await self._write(kept, already)
        except (failures.DBOSWorkflowConflictIDError, failures.DBOSWorkflowCancelledError):
            self._host.lost(kept)
            raise
        finally:
            self._recording.discard(run)
        return cast(dict[str, Any], kept.ended)

    async def _write(self, kept: Kept, already: dict[str, JsonValue]) -> None:
        at = 0
        while True:
            over = kept.ended is not None
            while at < len(kept.entries):
                entry = kept.entries[at]
                if entry.name not in already:
                    await self.gate.through(lambda entry=entry: self._put(kept, entry))  # type: ignore[misc]
                self._host.wrote(entry)
                at += 1
            if over:
                return
            await kept.news.wait()
            kept.news.clear()

    async def _put(self, kept: Kept, entry: Entry) -> None:
        async def value() -> JsonValue:
            return entry.value

        try:
            await DBOS.run_step_async({"name": entry.name}, value)
        except AssertionError as error:  # DBOS asserts that the workflow exists
            raise failures.DBOSNonExistentWorkflowError("step", kept.id) from error

    async def _keep(self, kept: Kept) -> None:
        try:
            if await self._begin(kept):
                await self._finish(kept)
        except failures.DBOSWorkflowIDInUseError as error:
            self._host.took(kept, error)

    async def _begin(self, kept: Kept) -> bool:
        """Whether the run still needs to be looked after once its workflow has ended."""
        data = kept.run.request.data()
        policy: Any = "reject" if kept.strict and kept.fresh else "return-existing"

        async def begin() -> Any:
            with SetWorkflowID(kept.id, workflow_id_reuse_policy=policy):
                return await DBOS.start_workflow_async(run_workflow, data)

        handle = await self.gate.through(begin)
        try:
            await handle.get_result(polling_interval_sec=PAUSE)
        except (*TROUBLE, Exception) as error:  # noqa: BLE001 - whatever it was, `_finish` looks at the row
            LOGGER.warning("run not kept yet", extra={"run": kept.id, "reason": told(error)})
            return True
        self._host.finished(kept)
        return False

    async def _finish(self, kept: Kept) -> None:
        """Sees to it that the end of a run is written, whatever became of its row."""
        while True:
            await asyncio.sleep(PAUSE)
            status = await self.gate.through(lambda: self.status(kept.id))
            if status is None:
                if not await self._begin(kept):
                    return
            elif status.status in FINAL:
                self._host.finished(kept)
                return
            elif self._left_lying(kept, status):
                await self.gate.through(lambda: DBOS.resume_workflow_async(kept.id, queue_name=ADOPTED))

    def _left_lying(self, kept: Kept, status: WorkflowStatus) -> bool:
        """Whether a run has ended here, nobody writes it, and its row does not say so."""
        mine = status.status == "PENDING" and status.executor_id == self._executor
        return mine and kept.ended is not None and kept.id not in self._recording

    async def status(self, run: str) -> WorkflowStatus | None:
        """The row of a run, without what was asked and answered."""
        found = await DBOS.list_workflows_async(workflow_ids=[run], load_input=False, load_output=False)
        return found[0] if found else None

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._main())

    async def _main(self) -> None:
        while not self._stop.is_set():
            try:
                self._file.make_room()
                await launch(self._url, self.engine, self._executor, self.version)
                self._file.renew()
                break
            except Exception as error:  # noqa: BLE001 - the driver's own, DBOS' own: it is tried again
                self.gate.reason = told(error)
                self.tried.set()
                await let_go()
                await asyncio.sleep(PAUSE)
        else:
            return
        self.gate.open()
        self.opened.set()
        self.tried.set()
        await self._stop.wait()
        await let_go()

    async def _mend(self) -> None:
        """Reopens the database after its file was replaced or removed."""
        if not self._file.replaced():
            return
        self.engine.dispose()
        self._file.make_room()
        await asyncio.to_thread(DBOS.migrate, self._url)
        await asyncio.to_thread(database.ping, self.engine)
        self._file.renew()
        await declare()

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Runs in a context of its own: what a workflow begins is none of its steps."""
        task = self.loop.create_task(work, context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOGGER.error("recorder failed", exc_info=error)


_recorder: Recorder | None = None


@DBOS.workflow(name="run")
async def run_workflow(data: dict[str, Any]) -> dict[str, Any]:
    """A run, or a part of one."""
    name = DBOS.workflow_id
    if _recorder is None or name is None:
        raise Gone("the recorder has ended")
    try:
        return await _recorder.record(name, data)
    except Exception:
        LOGGER.exception("run not recorded", extra={"run": name})
        raise
