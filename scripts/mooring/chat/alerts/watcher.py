"""Tells what there is to tell, every few seconds, in one process of all that serve an environment."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from mooring.chat.alerts.approvals import Offer
from mooring.chat.alerts.looking import Looking
from mooring.chat.alerts.teller import Ask, Teller
from mooring.operate.records import Records
from mooring.state.records import chat_messages

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.spec.chat import Chat

EVERY_SECONDS = 3.0
LEAD_SECONDS = 30.0
"""After which another process tells in the place of one that says no more that it is there."""

KEPT_SECONDS = 30 * 86400.0
"""For which it is known that something was told."""

log = logging.getLogger("mooring.chat")


class Watcher:
    """Of one environment. `who` names this process among those that may tell. `offer` makes buttons of commands."""

    def __init__(
        self,
        records: Records,
        who: str,
        live: "Callable[[], Release | None]",
        adapter: Ask,
        offer: Offer,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._records, self._who, self._live = records, who, live
        self._clock, self._sleep = clock, sleep
        self._looking = Looking(records, clock, offer)
        self._teller = Teller(records.environment, adapter)
        self._trouble = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                self._trouble = ""
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
                if (said := repr(error)) != self._trouble:
                    log.warning("alerts cannot be told: %s", said)
                self._trouble = said
            await self._sleep(EVERY_SECONDS)

    async def look(self) -> bool:
        """Looks and tells; False where another process does, or there is nobody to tell. Raises MooringError and
        Unavailable."""
        now = self._clock()
        release = await asyncio.to_thread(self._live)
        document = release.content.chat if release else None
        database = await asyncio.to_thread(self._records.database)
        if release is None or document is None or database is None or not _anywhere(document):
            return False
        if not await asyncio.to_thread(
            database.write, lambda each: chat_messages.lead(each, self._who, now, LEAD_SECONDS)
        ):
            return False
        seen = await asyncio.to_thread(self._looking.seen, release, document.language)
        await self._teller.tell(seen, document, database, now)
        await asyncio.to_thread(self._looking.announced)
        await asyncio.to_thread(database.write, lambda each: chat_messages.forget(each, now - KEPT_SECONDS))
        return True


def _anywhere(document: "Chat") -> bool:
    """Whether any channel is told anything."""
    channels = (getattr(document, platform).channels for platform in document.platforms)
    return any(each.page or each.ticket or each.info for each in channels)
