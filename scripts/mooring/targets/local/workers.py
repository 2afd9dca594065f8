"""Keeps the workers of one slot, which are told as one to accept or to stop, and are else looked after one by one."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mooring.errors import Stopped
from mooring.targets.host import folders
from mooring.targets.host.memory import Memory
from mooring.targets.host.requirements import Requirements, Wanted
from mooring.targets.local.process import Starter, Surroundings
from mooring.targets.local.reconciler import Reconciler
from mooring.targets.local.together import together
from mooring.targets.local.totals import Totals


class Workers:
    """One slot. `command` starts its processes, completed by the options of each."""

    def __init__(self, slot: str, state: Path, memory: Memory, command: Sequence[str], around: Surroundings) -> None:
        self.slot = slot
        self.starter = Starter(slot, state, command, around)
        self._state, self._memory = state, memory
        self._all: list[Reconciler] = []
        self._group: asyncio.TaskGroup | None = None
        self._told: list[Reconciler] = []
        self._failed: Stopped | None = None
        self._due: list[Reconciler] = []
        self._restarting: asyncio.Task[None] | None = None
        self.count = self._required()
        self._grow(max(1, self.count, len(memory.slots[slot].workers)))

    # --- what is wanted ---

    @property
    def wanted(self) -> str | None:
        """The release to hold."""
        return self._memory.slots[self.slot].digest

    def _want(self) -> Wanted:
        return Wanted(self.wanted, self.count, self._memory.live == self.slot)

    def want(self, digest: str | None) -> None:
        """Sets the release to hold, or none. It says how many workers there are. Raises Failed."""
        if digest != self.wanted:
            self._memory.slots[self.slot].digest = digest
            self._memory.save()
            self.count = self._required()
            self._grow(self.count)
        self.renew()

    def renew(self) -> None:
        """Counts unwanted ends of processes from now on."""
        for worker in self._all:
            worker.renew()

    def _required(self) -> int:
        return Requirements.read(folders.release_file(self._state, self.wanted)).workers if self.wanted else 0

    def _grow(self, count: int) -> None:
        """One that is not wanted any more stays, without a process: it may be wanted again."""
        while len(self._all) < count:
            number = len(self._all) + 1
            worker = Reconciler(number, self.starter, Totals(self.slot, number, self._memory), self._want)
            self._all.append(worker)
            if self._group:
                self._group.create_task(worker.run())

    @property
    def _members(self) -> list[Reconciler]:
        return self._all[: self.count]

    # --- what is there ---

    @property
    def ready(self) -> bool:
        """Whether every worker was ready when it was last asked."""
        return bool(self._members) and all(worker.health.get("ready") for worker in self._members)

    async def facts(self) -> dict[str, Any]:
        """The slot as it is now, JSON-able."""
        each = await asyncio.gather(*(worker.facts() for worker in self._all))
        return together(each, self.count) | {"wanted": self.wanted}

    async def check(self, digest: str) -> None:
        """Refused(NOT_READY) unless every worker is ready with `digest` at this moment."""
        await asyncio.gather(*(worker.check(digest) for worker in self._members or self._all))

    def order(self, on: bool, armed: bool = False) -> None:
        """Tells all workers to accept, now or when `armed` with the switch, or not to; `obeyed` must follow."""
        self._told, self._failed = [], None
        for worker in self._members if on else self._all:
            try:
                worker.act.order(on, armed)
                self._told.append(worker)
            except Stopped as stopped:
                self._failed = self._failed or stopped

    def obeyed(self) -> None:
        """Waits until all have done so. Raises Stopped, in the end, when one has not."""
        for worker in self._told:
            try:
                worker.obeyed()
            except Stopped as stopped:
                self._failed = self._failed or stopped
        if self._failed:
            raise self._failed

    # --- what is done ---

    async def run(self) -> None:
        """Looks after all workers until cancelled. Their processes continue then."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for worker in self._all:
                group.create_task(worker.run())

    def restart(self) -> None:
        """Begins to replace the processes, one after the other; the first worker's comes last."""
        self._due = list(self._members)
        if self._group and (self._restarting is None or self._restarting.done()):
            self._restarting = self._group.create_task(self._restart())

    async def _restart(self) -> None:
        while self._due:
            await self._due.pop().restart()

    async def end(self) -> None:
        """Ends all processes after their requests; idle connections get no time to leave."""
        await asyncio.gather(*(worker.end(quick=True) for worker in self._all))
