"""How each promise stands now, by the samples of what was counted."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mooring.operate.records import Records
from mooring.operate.samples import MINUTE, Readings, needed, read
from mooring.rollout.objectives.measure import measured
from mooring.spec.objectives import Objective
from mooring.state.records import samples

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec import Objectives

POINTS, DAY_SECONDS = 48, 86400
"""A sparkline has so many values, which are of equal parts of the last day."""


class Standings:
    """Of one environment; reads the samples once a minute at most."""

    def __init__(self, records: Records, clock: Callable[[], float] = time.time) -> None:
        self._records, self._clock = records, clock
        self._known: tuple[int, str, list[dict[str, Any]]] = (0, "", [])

    def read(self, release: "Release | None") -> list[dict[str, Any]] | None:
        """JSON-able, by the objectives of the live release; None where nothing can be known of them.

        Raises MooringError or Unavailable.
        """
        promised = release.content.promised if release else None
        if release is None or promised is None:
            return [] if release else None
        minute = int(self._clock()) // MINUTE
        if self._known[:2] != (minute, release.digest):
            found = self._read(promised, minute)
            if found is None:
                return None
            self._known = minute, release.digest, found
        return self._known[2]

    def _read(self, promised: "Objectives", minute: int) -> list[dict[str, Any]] | None:
        first = minute - max(DAY_SECONDS, *(one.seconds for one in promised.objectives)) // MINUTE
        if (database := self._records.database()) is None:
            return None
        found = database.read(lambda connection: samples.since(connection, first))
        return standings(promised, Readings(read(found)), minute * MINUTE)


def standings(promised: "Objectives", readings: Readings, now: float) -> list[dict[str, Any]]:
    """Each objective over its own window, with what was measured in each part of the last day."""
    return [_standing(objective, promised, readings, now) for objective in promised.objectives]


def _standing(objective: Objective, promised: "Objectives", readings: Readings, now: float) -> dict[str, Any]:
    mine = readings.covering(needed(promised.model_copy(update={"objectives": (objective,)}), signals=False))
    step = DAY_SECONDS / POINTS
    starts = [now - DAY_SECONDS + step * part for part in range(POINTS)]
    parts = [measured(objective, mine.window(start, start + step, levels=1)) for start in starts]
    whole = measured(objective, mine.window(now - objective.seconds, now))
    return {**whole.data(), "sparkline": [part.value for part in parts]}
