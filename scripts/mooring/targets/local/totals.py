"""What is remembered of a slot's processes across their ends and the supervisor's: the process id and the counts."""

import logging
from collections.abc import Iterable, Mapping

from mooring.errors import Failed
from mooring.rollout.target import COUNTS, LOST
from mooring.targets.local.memory import Memory

log = logging.getLogger("mooring.supervisor")

Counts = Mapping[str, int]


class Totals:
    """Of the slot `name`. They survive a crash if the disk allows; a full disk must not end a slot."""

    def __init__(self, name: str, memory: Memory) -> None:
        self._memory, self._slot = memory, memory.slots[name]

    @property
    def pid(self) -> int | None:
        """The process that serves the slot, or served it last."""
        return self._slot.pid

    @pid.setter
    def pid(self, pid: int) -> None:
        if self._slot.pid != pid:
            self._slot.pid = pid
            self._save()

    @property
    def lost(self) -> int:
        """Requests that were in flight in processes when they ended."""
        return self._slot.totals.get(LOST, 0)

    def add(self, counts: Counts) -> None:
        """Adds what a process that ended had counted; what it had in flight is lost."""
        past = self._slot.totals
        sums = {name: past.get(name, 0) + counts.get(name, 0) for name in COUNTS}
        self._slot.totals = sums | {LOST: self.lost + counts.get("in_flight", 0)}
        self._save()

    def data(self, running: Iterable[Counts]) -> dict[str, int]:
        """The totals with the counts of processes that still run."""
        counts = [self._slot.totals, *running]
        return {name: sum(one.get(name, 0) for one in counts) for name in COUNTS} | {LOST: self.lost}

    def _save(self) -> None:
        try:
            self._memory.save()
        except Failed as failed:
            log.warning("%s", failed)
