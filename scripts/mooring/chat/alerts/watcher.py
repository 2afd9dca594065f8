"""Looks every few seconds at what there is to tell, and tells it, in one process of all that serve an environment."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from mooring.chat.alerts import approvals, conditions, events
from mooring.chat.alerts.incident import Incident
from mooring.chat.alerts.teller import Ask, Seen, Teller
from mooring.chat.command import Command
from mooring.errors import MooringError
from mooring.operate.objectives.standing import Standings
from mooring.operate.recent import READ, drift, looked
from mooring.operate.records import Records
from mooring.operate.status import read_jobs, read_patrol
from mooring.rollout import holds, logbook
from mooring.state.records import chat_messages
from mooring.state.transactions import Transactions
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Entry, Ledger
    from mooring.spec.chat import Chat

EVERY_SECONDS = 3.0
LEAD_SECONDS = 30.0
"""After which another process tells in the place of one that says no more that it is there."""

BACK_SECONDS = 86400.0
"""How old a rollout may be that nobody has told of, after an outage."""

ROLLOUTS = 10
"""That are looked at, at most."""

KEPT_SECONDS = 30 * 86400.0
"""For which it is known that something was told."""

log = logging.getLogger("mooring.chat")

T = TypeVar("T")
Offer = Callable[[Command, float, str], str]


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
        self._records, self._who, self._live, self._offer = records, who, live, offer
        self._clock, self._sleep = clock, sleep
        self._standings = Standings(records, clock)
        self._teller = Teller(records.environment, adapter)
        self._told = ""
        self._leads = False

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.look()
                self._told = ""
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
                if (said := repr(error)) != self._told:
                    log.warning("alerts cannot be looked at or told: %s", said)
                self._told = said
            await self._sleep(EVERY_SECONDS)

    async def look(self) -> bool:
        """Looks and tells; False where another process does, or there is nobody to tell. Raises Unavailable and
        MooringError."""
        now = self._clock()
        release = await asyncio.to_thread(self._live)
        database = await asyncio.to_thread(self._records.database)
        document = release.content.chat if release else None
        if release is None or document is None or database is None or not _anywhere(document):
            return False
        if not await asyncio.to_thread(
            database.write, lambda each: chat_messages.lead(each, self._who, now, LEAD_SECONDS)
        ):
            return False
        seen = await asyncio.to_thread(self._seen, release, document, database, now)
        await self._teller.tell(seen, document, database, now)
        await asyncio.to_thread(self._announced, seen)
        await asyncio.to_thread(database.write, lambda each: chat_messages.forget(each, now - KEPT_SECONDS))
        return True

    def _seen(self, release: "Release", document: "Chat", database: Transactions, now: float) -> Seen:
        """Everything that there is to tell. What cannot be read is left out, and nothing of it is over for that."""
        name, language = self._records.environment, document.language
        book, promised = self._records.ledger(), release.content.promised
        asked = _Asked()
        if promised is not None:
            asked(
                "objective",
                lambda: self._standings.read(release),
                lambda found: conditions.objectives(name, found, promised, language),
            )
        else:
            asked("objective", lambda: [], lambda _none: ())
        asked(
            "patrol", lambda: read_patrol(self._records) or [], lambda found: conditions.patrol(name, found, language)
        )
        asked("job", lambda: read_jobs(self._records), lambda found: conditions.jobs(name, found, language))
        silent = False
        if book is not None:
            entries = asked(
                "drift", lambda: book.entries(READ, name), lambda found: self._drifted(book, found, document)
            )
            if entries:
                begin = database.write(lambda each: chat_messages.begin(each, entries[0].seq, now))
                done = logbook.newest(entries, ROLLOUTS, now - BACK_SECONDS)[0]
                recent = [record for record in done if record.first > begin]
                asked("rollout", lambda: recent, lambda found: events.rollouts(name, found, language))
            ended = asked("hold", lambda: holds.ended(book, name), lambda found: events.holds(name, found, language))
            asked(
                "approval",
                lambda: approvals.pending(book, name),
                lambda found: approvals.incidents(name, found, self._offer, now, language),
            )
            silent = ended is not None and holds.silenced(book, name) is not None
        return Seen(asked.incidents, asked.read, silent)

    def _drifted(self, book: "Ledger", entries: "Sequence[Entry]", document: "Chat") -> Iterable[Incident]:
        name = self._records.environment
        return conditions.drift(name, drift(book, name, entries), document.language)

    def _announced(self, seen: Seen) -> None:
        """Ends of locks and silences that were told, or that no channel wants to be told of."""
        book = self._records.ledger()
        for hold in holds.ended(book, self._records.environment) if book else ():
            if any(each.key == f"hold/{hold.id}" for each in seen.incidents):
                holds.announced(book, hold)  # type: ignore[arg-type]


class _Asked:
    """Collects incidents by what was looked at."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []
        self.read: set[str] = set()

    def __call__(self, source: str, ask: Callable[[], T], told: Callable[[T], Iterable[Incident]]) -> T | None:
        try:
            found = ask()
        except (MooringError, Unavailable) as error:
            log.debug("%s cannot be looked at: %s", source, error)
            return None
        if found is not None:
            self.incidents += told(found)
            self.read.add(source)
        return found


def _anywhere(document: "Chat") -> bool:
    """Whether any channel is told anything."""
    channels = (getattr(document, platform).channels for platform in document.platforms)
    return any(each.page or each.ticket or each.info for each in channels)
