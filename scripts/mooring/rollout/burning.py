"""Watches the error budgets of a release while it bakes, by what its slot has served since the switch."""

from typing import TYPE_CHECKING

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.rollout.objectives.window import Between, Totals
from mooring.rollout.target import Clock, Reader

if TYPE_CHECKING:
    from mooring.spec import Objectives

EVERY = 1.0
"""Seconds between two readings: the workers write down all their metrics for each."""


class Burning:
    """Of one slot. Without objectives, or where the slot cannot be read, there is nothing to say."""

    def __init__(self, reader: Reader, slot: str, objectives: "Objectives | None", clock: Clock) -> None:
        self._reader, self._slot, self._objectives, self._clock = reader, slot, objectives, clock
        self._began = self._due = clock.now()
        self._before = self._read() if objectives else None

    def look(self, last: bool = False) -> None:
        """Raises Failed(BAKE_FAILED) when a budget burns. Reads once a second at most, and at the `last` look."""
        from mooring.rollout.objectives.burn import burning  # a rollback needs no models of documents

        now = self._clock.now()
        if self._objectives is None or self._before is None or (now < self._due and not last):
            return
        self._due = now + EVERY
        after = self._read()
        if after is None:
            return
        window = Between(self._before, after, max(now - self._began, 0.001))
        if lines := burning(self._objectives, window):
            raise Failed(Reason.BAKE_FAILED, "; ".join(lines))

    def _read(self) -> Totals | None:
        """What was counted until now; None where a worker does not answer, which the bake sees for itself."""
        try:
            return self._reader.totals(self._slot)
        except Stopped:
            return None
