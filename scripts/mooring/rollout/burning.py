"""Watches the error budgets of a release while it bakes, by what its slot has served since the switch."""

from typing import TYPE_CHECKING

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.rollout.control import Control
from mooring.rollout.objectives.window import Between, Totals
from mooring.rollout.target import Clock, Reader

if TYPE_CHECKING:
    from mooring.rollout.objectives.burn import Burn
    from mooring.spec import Objectives

EVERY = 1.0
"""Seconds between two readings: the workers write down all their metrics for each."""


class Burning:
    """Of one slot. Without objectives there is nothing to say."""

    def __init__(
        self, reader: Reader, slot: str, objectives: "Objectives | None", clock: Clock, control: Control | None = None
    ) -> None:
        self._reader, self._slot, self._objectives, self._clock = reader, slot, objectives, clock
        self._control = control
        self._began = self._due = clock.now()
        self._before: Totals | None = None
        self._late, self._looks, self._why = 0.0, 0, ""
        self._shared: dict[str, str] = {}
        if objectives:
            self._begin()

    def look(self, last: bool = False) -> None:
        """Raises Failed(BAKE_FAILED) when a budget burns. Reads once a second at most, and at the `last` look.

        A budget that the release before it burns too says nothing of this one, and `doubts` has it.
        """
        from mooring.rollout.objectives.burn import burning  # a rollback needs no models of documents

        now = self._clock.now()
        if self._objectives is None or (now < self._due and not last):
            return
        self._due = now + EVERY
        if self._before is None:
            self._begin()
            return
        after = self._read()
        if after is None:
            return
        self._looks += 1
        served = Between(self._before, after, max(now - self._began, 0.001))
        found = burning(self._objectives, served)
        if lines := [one.line for one in found if not self._is_shared(one, served)]:
            raise Failed(Reason.BAKE_FAILED, "; ".join(lines))

    def doubts(self) -> list[str]:
        """Why the budgets do not say whether the release is good, a line each."""
        if self._objectives is None:
            return []
        if not self._looks:
            return [f"error budgets were not watched: {self._why or 'there was no time for it'}"]
        late = [f"error budgets were watched after {self._late:.0f} s only: {self._why}"] if self._late else []
        return [*late, *self._shared.values()]

    def _is_shared(self, burn: "Burn", served: Between) -> bool:
        name, control = burn.objective.name, self._control
        if name not in self._shared and control is not None and (why := control.suffers(burn.objective, served)):
            self._shared[name] = f"inconclusive: {burn.line}, and {why}"
        return name in self._shared

    def _begin(self) -> None:
        """What was counted before the first reading that succeeds is not known to be of this bake."""
        since, self._before = self._began, self._read()
        if self._before is not None and self._why:
            self._began = self._clock.now()
            self._late = self._began - since

    def _read(self) -> Totals | None:
        """What was counted until now; None where a worker does not answer, which the bake sees for itself."""
        try:
            return self._reader.totals(self._slot)
        except Stopped as stopped:
            self._why = self._why or str(stopped)
            return None
