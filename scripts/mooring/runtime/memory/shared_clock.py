"""The time that all machines have in common: this machine's clock, corrected by how far it is from the database's.

Whatever is compared with what another machine wrote, such as the end of a claim or of a keeping time, is by it.
"""

import asyncio
import time

from mooring.runtime.core.logs import LOGGER
from mooring.state.database import Database
from mooring.state.engine import skew
from mooring.state.unavailable import Unavailable

EVERY_SECONDS = 60.0
"""Between two measurements."""

MOST_SECONDS = 5.0
"""How far a clock may be from the database's before it is said."""


class SharedClock:
    """Called, it is Unix time by the database's clock. `ahead` is how many seconds this machine's is ahead of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.ahead = 0.0
        self._watching: asyncio.Task[None] | None = None

    def __call__(self) -> float:
        return time.time() - self.ahead

    async def start(self) -> None:
        """Measures, and goes on measuring until `close`."""
        await self._measure()
        self._watching = asyncio.create_task(self._watch(), name="clock")

    async def close(self) -> None:
        if self._watching:
            self._watching.cancel()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self._measure()

    async def _measure(self) -> None:
        try:
            self.ahead = await self._database.read(skew.ahead)
        except Unavailable:
            return  # as far as it was
        if abs(self.ahead) > MOST_SECONDS:
            LOGGER.warning("this machine's clock differs from the database's by %.0f s", self.ahead)
