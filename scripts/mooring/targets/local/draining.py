"""Drains the processes of a slot that were replaced: each ends after its last request."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from mooring.errors import Stopped
from mooring.runtime.process.unix_http import Line
from mooring.targets.local.process import Process
from mooring.targets.local.replacement import GONE
from mooring.targets.local.totals import Counts


class Draining:
    """Those of one slot. `ended` gets what each of them counted, once it is gone."""

    def __init__(self, ended: Callable[[Counts], None]) -> None:
        self._ended = ended
        self._last: dict[asyncio.Task[Counts], Counts] = {}

    @property
    def counts(self) -> list[Counts]:
        """The last counts of each process that still runs."""
        return list(self._last.values())

    def see_off(self, line: Line, process: Process, pid: int | None, told: Counts, cap: float) -> None:
        """Ends one after its requests, or after `cap` seconds. `told` are its counts until it reports newer ones."""
        task = asyncio.create_task(_drain(line, process, pid, told, cap))
        self._last[task] = told
        task.add_done_callback(self._gone)

    async def all_gone(self) -> None:
        if self._last:
            await asyncio.wait(self._last)

    def _gone(self, task: asyncio.Task[Counts]) -> None:
        told = self._last.pop(task)
        self._ended(told if task.cancelled() else task.result())


async def _drain(line: Line, process: Process, pid: int | None, told: Counts, cap: float) -> Counts:
    counts = told
    with suppress(*GONE, Stopped):
        counts = (await line.call("POST /stop", {"cap": cap}, timeout=cap + 10))["counts"]
    line.close()
    await process.ends(pid, 3)
    process.kill(pid)
    return counts
