"""Hears comments whose webhook never arrived, since GitHub does not deliver one again.

The comments are listed and not the deliveries: that needs the token which answers them, and no right to administer
webhooks; and it finds what was said while there was no webhook at all. A comment has the same event id by either way,
and is heard once.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, runtime_checkable

from mooring.chat.platforms.platform import Missed, Unsent
from mooring.chat.said import Said
from mooring.errors import MooringError

EVERY_SECONDS = 120.0
"""Between two sweeps."""

OVERLAP_SECONDS = 300.0
"""That two sweeps have in common: a comment may be listed a little later than it was made."""

BACK_SECONDS = 24 * 3600.0
"""How far the first sweep of a door looks back at most."""

log = logging.getLogger("mooring.chat")


@runtime_checkable
class Comments(Protocol):
    """A platform that can be asked what was said."""

    async def since(self, moment: float) -> list[Missed]:
        """Comments from a moment on that begin as a command does. Raises Unsent."""


class Sweep:
    """Of one door. `last` says when something was last heard from the platform, None where nothing ever was;
    `hear` takes what was said, and when."""

    def __init__(
        self,
        comments: Callable[[], Awaitable[Comments | None]],
        hear: Callable[[Said, float], Awaitable[None]],
        last: Callable[[], float | None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._comments, self._hear, self._last, self._clock = comments, hear, last, clock
        self._since: float | None = None
        self._told = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                self._told = ""
            except (Unsent, MooringError) as error:
                if str(error) != self._told:
                    log.warning("missed comments cannot be looked for: %s", error)
                self._told = str(error)
            await asyncio.sleep(EVERY_SECONDS)

    async def look(self) -> int:
        """One sweep; how many comments it listed. Raises Unsent or MooringError: then the next looks as far back."""
        comments, now = await self._comments(), self._clock()
        if comments is None:
            return 0
        since = self._since
        if since is None:
            last = await asyncio.to_thread(self._last)
            since = max(now - BACK_SECONDS, (last if last is not None else now) - OVERLAP_SECONDS)
        found = await comments.since(since)
        for each in found:
            await self._hear(each.said, each.at)
        self._since = now - OVERLAP_SECONDS
        return len(found)
