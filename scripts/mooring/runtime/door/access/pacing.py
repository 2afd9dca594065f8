"""Paces refusals: who floods waits for the next one, so that answering it takes no time from others."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from starlette.types import Receive

PER_SECOND = 50.0
"""Refusals that one source gets in a second; what is beyond waits its turn."""

LONGEST_SECONDS = 5.0
"""Seconds a refusal waits at most."""

MOST_WAITING = 1024
"""Refusals that wait at once, of all sources; beyond that the connection is closed after an immediate one."""

SOURCES = 10_000


class Pacing:
    """By source: a tenant, or an address. Who was not refused for a second gets the next second's at once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turns: OrderedDict[str, float] = OrderedDict()
        self._waiting = 0

    def delay(self, source: str) -> float:
        """Seconds that the next refusal of a source is to wait."""
        now = self._clock()
        turn = max(self._turns.pop(source, 0.0), now - 1) + 1 / PER_SECOND
        self._turns[source] = min(turn, now + LONGEST_SECONDS)
        if len(self._turns) > SOURCES:
            self._turns.popitem(last=False)
        return min(max(0.0, turn - now), LONGEST_SECONDS)

    @property
    def room(self) -> bool:
        """Whether one more may wait."""
        return self._waiting < MOST_WAITING

    async def wait(self, source: str, receive: Receive) -> bool:
        """Waits for the turn of a source; True when its client left meanwhile. The request's body was read before."""
        delay = self.delay(source)
        if not delay:
            return False
        gone = asyncio.ensure_future(receive())
        self._waiting += 1
        try:
            await asyncio.wait({gone}, timeout=delay)
            return gone.done()
        finally:
            self._waiting -= 1
            gone.cancel()
