"""What the desk writes down in an environment's database: what was heard, and questions that wait."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from mooring.chat import codec
from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Posted
from mooring.chat.said import Clicked, Said
from mooring.errors import Failed
from mooring.operate.records import Records
from mooring.outcome import Reason
from mooring.state.records import chats, machines
from mooring.state.records.chats import Event, Question
from mooring.state.transactions import Transactions, Work
from mooring.state.unavailable import Unavailable

T = TypeVar("T")

KEPT = 7 * 86400.0
"""Seconds for which an event is known, so that it is not heard again: longer than any platform delivers it."""

MOST = 100_000
"""Events that are known at most, however many are delivered."""

LEFT = 200
"""Events that a door takes over at most from the one before it."""


class Store:
    """In the database of the door's environment. Any thread may use it. `who` names the door's machine.

    Every method raises Failed(STORAGE), and Failed(NOT_RUNNING) where there is no database yet.
    """

    def __init__(self, records: Records, clock: Callable[[], float] = time.time, who: str = "") -> None:
        self.records = records
        self._clock, self._who = clock, who

    def hear(self, received: Said | Clicked) -> bool:
        """Writes down what arrived; False where it was heard before."""
        event = Event(
            received.caller.platform,
            received.event,
            self._clock(),
            codec.received_text(received, self._who),
            None,
            None,
        )
        return self._write(lambda connection: chats.hear(connection, event))

    def known(self, received: Said | Clicked) -> bool:
        """Whether it was heard before."""
        found = self._read(lambda connection: chats.event(connection, received.caller.platform, received.event))
        return found is not None

    def answer(self, received: Said | Clicked, answer: Answer) -> None:
        """Writes down the answer as it is now, wherever that is shown."""
        platform, text = received.caller.platform, codec.answer_text(answer)
        self._write(lambda connection: chats.answer(connection, platform, received.event, text))

    def posted(self, received: Said | Clicked) -> Posted | None:
        """Where its answer is shown; None where it is not yet."""
        found = self._read(lambda connection: chats.event(connection, received.caller.platform, received.event))
        return codec.posted(found.posted) if found and found.posted else None

    def show(self, received: Said | Clicked, answer: Answer, posted: Posted | None) -> None:
        """Writes down the answer as it is shown now, and where; after a final one, or a question, nothing follows."""
        done = self._clock() if answer.stage.final or answer.stage is Stage.ASKS else None
        where = codec.posted_text(posted) if posted else None
        platform, text = received.caller.platform, codec.answer_text(answer)
        self._write(lambda connection: chats.show(connection, platform, received.event, text, where, done))

    def over(self, received: Said | Clicked) -> None:
        """Notes that nobody is answered, and nothing follows."""
        now, platform = self._clock(), received.caller.platform
        self._write(lambda connection: chats.over(connection, platform, received.event, now))

    def last(self, platform: str) -> float | None:
        """When something was last heard from a platform (Unix time); None where nothing is known of that."""
        return self._read(lambda connection: chats.last(connection, platform))

    def left(self) -> list[Event]:
        """What was heard, and whose final answer was not shown, the oldest first.

        What the door of another machine heard is its own business, as long as that machine is there.
        """
        found = self._read(lambda connection: chats.left(connection, LEFT))
        heard = {event.event: codec.heard_by(event.received) for event in found}
        ours = {"", self._who}
        ledger = self.records.ledger() if set(heard.values()) - ours else None
        others = {machines.named(one) for one in ledger.read(machines.alive)} - ours if ledger else set()
        return [event for event in found if heard[event.event] not in others]

    def ask(self, question: Question) -> None:
        self._write(lambda connection: chats.ask(connection, question))

    def question(self, token: str) -> Question | None:
        return self._read(lambda connection: chats.question(connection, token))

    def questions(self, platform: str, place: str) -> list[Question]:
        """Those that were asked in a place, the newest first."""
        return self._read(lambda connection: chats.questions(connection, platform, place))

    def decide(self, token: str, state: str, decided: str) -> bool:
        """Answers a question; False where somebody was first."""
        return self._write(lambda connection: chats.decide(connection, token, state, decided))

    def forget(self) -> None:
        """Forgets what is over for long."""
        before = self._clock() - KEPT
        self._write(lambda connection: chats.forget(connection, before, MOST))

    def _read(self, work: Work[T]) -> T:
        with self._opened() as database:
            return database.read(work)

    def _write(self, work: Work[T]) -> T:
        with self._opened() as database:
            return database.write(work)

    @contextmanager
    def _opened(self) -> Iterator[Transactions]:
        name = self.records.environment
        database = self.records.database()
        if database is None:
            raise Failed(Reason.NOT_RUNNING, f"nothing is kept of {name} yet", f"moor up {name}")
        try:
            yield database
        except Unavailable as error:
            fix = error.fix or "see that it can be reached"
            raise Failed(Reason.STORAGE, f"the database of {name} cannot be used: {error}", fix) from None
