"""Looks at everything that there is to tell of an environment."""

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from mooring.chat import codec
from mooring.chat.alerts import approvals as plans
from mooring.chat.alerts import conditions, events
from mooring.chat.alerts.approvals import Offer
from mooring.chat.alerts.incident import Incident
from mooring.chat.alerts.teller import Seen
from mooring.chat.answer import Button
from mooring.chat.command import Language
from mooring.errors import MooringError
from mooring.operate.objectives.standing import Standings
from mooring.operate.recent import READ, drift
from mooring.operate.records import Records
from mooring.operate.status import read_jobs, read_patrol
from mooring.rollout import approvals, holds, logbook
from mooring.rollout.approvals import Waiting
from mooring.state.records import chat_messages
from mooring.state.unavailable import Unavailable

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.rollout.ledger import Entry, Ledger

BACK_SECONDS = 86400.0
"""How old a rollout may be that nobody has told of, after an outage."""

ROLLOUTS = 10
"""That are looked at, at most."""

log = logging.getLogger("mooring.chat")

T = TypeVar("T")


class Looking:
    """Of one environment."""

    def __init__(self, records: Records, clock: Callable[[], float], offer: Offer) -> None:
        self._records, self._clock, self._offer = records, clock, offer
        self._standings = Standings(records, clock)

    def seen(self, release: "Release", language: Language) -> Seen:
        """What is the case now, and what has happened. What cannot be read is left out, and is not over for that."""
        name, asked = self._records.environment, _Asked()
        asked("objective", lambda: self._objectives(release, language))
        asked("patrol", lambda: conditions.patrol(name, read_patrol(self._records) or [], language))
        asked("job", lambda: conditions.jobs(name, read_jobs(self._records), language))
        silent = False
        if book := asked.told(self._records.ledger):
            entries = asked.told(lambda: book.entries(READ, name))
            if entries:
                asked("drift", lambda: conditions.drift(name, drift(book, name, entries), language))
                asked("rollout", lambda: self._rollouts(entries, language))
            asked("approval", lambda: self._approvals(book, language))
            asked("hold", lambda: events.holds(name, holds.ended(book, name), language))
            silent = asked.told(lambda: holds.silenced(book, name)) is not None
        return Seen(asked.incidents, asked.read, silent)

    def announced(self) -> None:
        """Notes of locks and silences that their end was told, or that no channel wants to be told of it."""
        book, database = self._records.ledger(), self._records.database()
        if book is None or database is None:
            return
        waiting = {each.incident for each in database.read(chat_messages.messages) if not each.posted}
        for hold in holds.ended(book, self._records.environment):
            if events.key_of(hold) not in waiting:
                holds.announced(book, hold)

    def _objectives(self, release: "Release", language: Language) -> Iterable[Incident]:
        if (promised := release.content.promised) is None:
            return ()
        standings = self._standings.read(release)
        if standings is None:
            raise Unavailable("nothing is known of the objectives")
        return conditions.objectives(self._records.environment, standings, promised, language)

    def _approvals(self, book: "Ledger", language: Language) -> Iterable[Incident]:
        """With the buttons that they have already, so that a restart changes no message."""
        name, now, database = self._records.environment, self._clock(), self._records.database()
        waiting = approvals.waiting(book, name)
        if not waiting or database is None:
            return ()
        known = {each.incident: codec.answer(each.said).buttons for each in database.read(chat_messages.messages)}

        def buttons(key: str, one: Waiting) -> tuple[Button, ...]:
            return known.get(key) or (plans.button(one, name, self._offer, now, language),)

        return plans.incidents(name, waiting, buttons, language)

    def _rollouts(self, entries: "Sequence[Entry]", language: Language) -> Iterable[Incident]:
        """Those that began after this was first looked at."""
        now, database = self._clock(), self._records.database()
        if database is None:
            return ()
        begin = database.write(lambda connection: chat_messages.begin(connection, entries[0].seq, now))
        done = logbook.newest(entries, ROLLOUTS, now - BACK_SECONDS)[0]
        return events.rollouts(self._records.environment, [each for each in done if each.first > begin], language)


class _Asked:
    """Collects incidents by what was looked at."""

    def __init__(self) -> None:
        self.incidents: list[Incident] = []
        self.read: set[str] = set()

    def __call__(self, source: str, ask: Callable[[], Iterable[Incident]]) -> None:
        found = self.told(lambda: list(ask()))
        if found is not None:
            self.incidents += found
            self.read.add(source)

    def told(self, ask: Callable[[], T]) -> T | None:
        """None where it cannot be read."""
        try:
            return ask()
        except (MooringError, Unavailable) as error:
            log.debug("what there is to tell cannot be read: %s", error)
            return None
