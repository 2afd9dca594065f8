"""Keeps once a minute in the database what an environment has counted, for what it promises."""

import time
from collections.abc import Callable

from mooring import metrics as names
from mooring.errors import MooringError
from mooring.operate.monitor.aggregate import Values
from mooring.operate.records import Records
from mooring.operate.samples import CALLS, MINUTE, RISES, TICKS, both, needed, packed, reduced
from mooring.spec import Objectives
from mooring.state.records import samples
from mooring.state.unavailable import Unavailable


class Sampler:
    """Of one machine in one environment. `promised` is what the live release promises."""

    def __init__(
        self,
        records: Records,
        machine: str,
        promised: Callable[[], Objectives | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._records, self._machine, self._promised, self._clock = records, machine, promised, clock
        self._last = 0

    @property
    def due(self) -> bool:
        """Whether another minute has begun."""
        return int(self._clock()) // MINUTE > self._last

    def sample(self, totals: Values) -> bool:
        """Writes it, and thins out what is older; False where there is no database, or none that answers."""
        minute, wanted = int(self._clock()) // MINUTE, both(needed(self._promised()), CALLS)
        data = packed(reduced(totals, wanted), wanted)
        try:
            if (database := self._records.database()) is None:
                return False
            database.write(lambda connection: samples.put(connection, self._machine, minute, data))
            database.write(lambda connection: samples.thin(connection, minute))
        except (MooringError, Unavailable):
            return False
        self._last = minute
        return True


def looked(up: bool, seconds: float) -> Values:
    """What a look at whether the environment is up adds to the totals: the time since the last one.

    So it does not matter how often somebody asks, who may well ask more often while it is down.
    """
    return {(f"{names.UP}{TICKS}", ()): seconds, (f"{names.UP}{RISES}", ()): seconds if up else 0.0}
