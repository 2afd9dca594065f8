"""Drains the processes of a slot that were replaced: each ends after its last request."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from mooring.errors import Stopped
from mooring.runtime.process.unix_http import Line
from mooring.targets.local.process import Process
from mooring.targets.local.replacement import GONE
from mooring.targets.local.totals import Counts, Totals


class Draining:
    """Those of one worker. Its `totals` get what each of them counted, once it is gone."""

    def __init__(self, totals: Totals) -> None:
        self._totals = totals
        self._last: dict[asyncio.Task[Counts | None], tuple[int | None, Mapping[str, Any]]] = {}

    @property
    def counts(self) -> list[Counts]:
        """The last counts of each process that still runs."""
        return [health.get("counts", {}) for _pid, health in self._last.values()]

    def see_off(self, line: Line, process: Process, pid: int | None, health: Mapping[str, Any], cap: float) -> None:
        """Ends one after its requests, or after `cap` seconds. `health` is what it said of itself last.

        Its counts stand until it reports newer ones.
        """
        task = asyncio.create_task(_drain(line, process, pid, cap))
        self._last[task] = pid, health
        task.add_done_callback(self._gone)

    async def all_gone(self) -> None:
        if self._last:
            await asyncio.wait(self._last)

    def _gone(self, task: asyncio.Task[Counts | None]) -> None:
        pid, health = self._last.pop(task)
        counts: Counts = health.get("counts", {})
        if not task.cancelled():
            if (said := task.result()) is None:
                self._totals.leave(pid, counts, health)
            counts = said or counts
        self._totals.add(counts)


async def _drain(line: Line, process: Process, pid: int | None, cap: float) -> Counts | None:
    """What it had counted in the end; None when it did not say."""
    counts: Counts | None = None
    with suppress(*GONE, Stopped):
        counts = (await line.call("POST /stop", {"cap": cap}, timeout=cap + 10))["counts"]
    line.close()
    await process.ends(pid, 3)
    process.kill(pid)
    return counts
