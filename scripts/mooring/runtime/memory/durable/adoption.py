"""Goes on with the runs of dead processes, whatever their colour."""

import asyncio
from typing import Any

from dbos import DBOS, WorkflowStatus

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.memory.durable.executors import Executors
from mooring.runtime.memory.durable.launch import ADOPTED, SUSPECTS
from mooring.runtime.memory.durable.recorder import Recorder

MOST = 3
"""How often a run is taken over before it is given up: it may be the reason why its processes die."""

ALONE = 2
"""From this time on a run is taken over by itself, so that one that kills its process takes no other with it."""

LOOK_SECONDS = 0.25
"""Between two looks for dead processes; a look is a few system calls, and none to the database."""

SWEEP_LOOKS = 40
"""Looks between two searches for runs of processes that left no file."""


class Adoption:
    """Of two processes that find the same dead one, the first to take its lock adopts."""

    def __init__(self, recorder: Recorder, executors: Executors) -> None:
        self._recorder, self._executors = recorder, executors
        self._strays: set[str] = set()

    async def watch(self) -> None:
        """Looks for the dead until cancelled."""
        looks = 0
        while True:
            try:
                self._executors.stay()
                await self.adopt()
                if looks % SWEEP_LOOKS == 0:
                    await self._adopt_strays()
            except Exception:  # noqa: BLE001 - whatever it was this time, the next look may find something
                LOGGER.exception("cannot look for dead processes")
            looks += 1
            await asyncio.sleep(LOOK_SECONDS)

    async def adopt(self) -> list[str]:
        """Adopts the runs of all dead processes; their names."""
        taken: list[str] = []
        for name in self._executors.others():
            with self._executors.dead(name) as dead:
                if dead:
                    taken += await self._take_over(name)
                    self._executors.bury(name)
        return taken

    async def _take_over(self, name: str) -> list[str]:
        pending = await self._recorder.gate.through(lambda: self._pending(executor_id=name))
        for run in pending:
            await self._recorder.gate.through(lambda run=run: self._go_on(run))  # type: ignore[misc]
        if pending:
            LOGGER.warning("runs of a dead process", extra={"executor": name, "runs": len(pending)})
        return [run.workflow_id for run in pending]

    async def _go_on(self, run: WorkflowStatus) -> None:
        adopted = int((run.attributes or {}).get("adopted", 0)) + 1
        if adopted > MOST:
            LOGGER.error("run given up", extra={"run": run.workflow_id, "adopted": adopted - 1})
            await DBOS.cancel_workflow_async(run.workflow_id)
        else:
            await self._recorder.again(run.workflow_id, SUSPECTS if adopted >= ALONE else ADOPTED, adopted)

    async def _adopt_strays(self) -> None:
        """Runs of processes without a file, found twice: the folder may have been removed under a living one."""
        pending = await self._recorder.gate.through(self._pending)
        known = self._executors.known
        strays = {run.executor_id: run for run in pending if run.executor_id and not known(run.executor_id)}
        for executor in strays.keys() & self._strays:
            await self._take_over(executor)
        self._strays = set(strays)

    async def _pending(self, **where: Any) -> list[WorkflowStatus]:
        return await DBOS.list_workflows_async(
            status="PENDING", app_version=self._recorder.version, load_input=False, load_output=False, **where
        )
