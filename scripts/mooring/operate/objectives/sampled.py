"""The samples that the monitor keeps, as a source of live numbers: each objective over its own window, by minutes."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from mooring.errors import Failed, MooringError
from mooring.operate.objectives.standing import DAY_SECONDS
from mooring.operate.records import Records
from mooring.operate.samples import MINUTE, RECENT_SECONDS, Readings, needed, read
from mooring.outcome import Reason
from mooring.rollout.objectives.window import Window
from mooring.spec import Objectives
from mooring.state.records import samples
from mooring.state.unavailable import Unavailable


@dataclass(frozen=True)
class Sampled:
    """Of one environment, whatever the number of its machines."""

    records: Records
    objectives: Objectives
    clock: Callable[[], float] = time.time
    name: str = "the samples of its monitor"

    def windows(self) -> Callable[[float], Window]:
        """Failed(PROCESS) when there are fewer than two, or the newest is too old to say how it is now."""
        now = self.clock()
        longest = max(DAY_SECONDS, *(one.seconds for one in self.objectives.objectives))
        found = self._read(int(now - longest) // MINUTE)
        if why := _unfit(found, now):
            raise Failed(Reason.PROCESS, f"the monitor of {self.records.environment} {why}")
        readings = Readings(read(found)).covering(needed(self.objectives, signals=False))
        return lambda seconds: readings.window(now - seconds, now)

    def _read(self, since: int) -> list[samples.Sample]:
        try:
            database = self.records.database()
            return database.read(lambda connection: samples.since(connection, since)) if database else []
        except (MooringError, Unavailable) as error:
            raise Failed(Reason.PROCESS, f"the samples of the monitor cannot be read: {error}") from None


def _unfit(found: list[samples.Sample], now: float) -> str:
    """Why samples say nothing of how it is now, "" when they do."""
    if not found:
        return "has taken no sample yet"
    minutes = {one.minute for one in found}
    age = now - max(minutes) * MINUTE
    if age > RECENT_SECONDS:
        return f"took its last sample {age / MINUTE:.0f} min ago"
    return "has taken one sample so far" if len(minutes) == 1 else ""
