"""What is remembered of a worker's processes across their ends and the supervisor's: the process id and the counts."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mooring.errors import Failed
from mooring.rollout.target import COUNTS, LOST
from mooring.runtime.watch import last_figures
from mooring.runtime.watch.accounting import kept
from mooring.targets.host.memory import Memory

log = logging.getLogger("mooring.supervisor")

Counts = Mapping[str, int]


class Totals:
    """Of a worker of `slot`. They survive a crash if the disk allows; a full disk must not end a slot."""

    def __init__(self, slot: str, worker: int, memory: Memory) -> None:
        self._slot, self._number = slot, worker
        self._memory, self._worker = memory, memory.slots[slot].worker(worker)
        self._tallies = memory.tallies

    @property
    def pid(self) -> int | None:
        """The process that serves as this worker, or did last."""
        return self._worker.pid

    @pid.setter
    def pid(self, pid: int) -> None:
        if self._worker.pid != pid:
            self._worker.pid = pid
            self._save()

    @property
    def lost(self) -> int:
        """Requests that were in flight in processes when they ended."""
        return self._worker.totals.get(LOST, 0)

    def add(self, counts: Counts) -> None:
        """Adds what a process that ended had counted; what it had in flight is lost."""
        past = self._worker.totals
        sums = {name: past.get(name, 0) + counts.get(name, 0) for name in COUNTS}
        self._worker.totals = sums | {LOST: self.lost + counts.get("in_flight", 0)}
        self._tallies.lost[self._slot] += counts.get("in_flight", 0)
        self._save()

    def died(self, door: Path, health: Mapping[str, Any]) -> Counts:
        """What the process behind `door` had counted that ended without a word; `health` is what it said last."""
        counts: Counts = kept(door.with_suffix(".counts"), self.pid) or health.get("counts", {})
        self.leave(self.pid, counts, health)
        return counts

    def restarted(self) -> None:
        """Counts an end that nobody wanted; `add` follows, and saves that."""
        self._tallies.restarts[self._slot] += 1

    def leave(self, pid: int | None, counts: Counts, health: Mapping[str, Any] = MappingProxyType({})) -> None:
        """Leaves the counts of a process that could not do so itself, for whoever adds up those of all."""
        known: dict[str, Any] = {"slot": self._slot, "worker": self._number, "pid": pid, "counts": dict(counts)}
        known |= {name: health.get(name) for name in ("digest", "began")}
        try:
            if counts and pid is not None:
                last_figures.leave(self._memory.path.parent, known)
        except OSError as error:
            log.warning("cannot leave the counts of process %s: %s", pid, error.strerror)

    def data(self, running: Iterable[Counts]) -> dict[str, int]:
        """The totals with the counts of processes that still run."""
        counts = [self._worker.totals, *running]
        return {name: sum(one.get(name, 0) for one in counts) for name in COUNTS} | {LOST: self.lost}

    def _save(self) -> None:
        try:
            self._memory.save()
        except Failed as failed:
            log.warning("%s", failed)
