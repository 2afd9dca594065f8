"""What was said by chat, on both databases: heard once, answered once, forgotten in time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from mooring.state.place.address import Address
from mooring.state.records import chats
from mooring.state.records.chats import Event, Question
from mooring.state.transactions import Transactions


@pytest.fixture
def database(database_url: str) -> Iterator[Transactions]:
    opened = Transactions(Address.of(database_url))
    yield opened
    opened.close()


def event(name: str, at: float = 1.0, platform: str = "slack") -> Event:
    return Event(platform, name, at, '{"text": "\\u0000"}')


def asked(token: str, until: float = 60.0, place: str = "slack:C1") -> Question:
    return Question(token, until - 60, until, "ann", "slack", "{}", place, "digest", "self")


def test_an_event_is_heard_once_by_whoever_is_first(database: Transactions) -> None:
    with ThreadPoolExecutor(8) as threads:
        heard = list(
            threads.map(lambda _: database.write(lambda connection: chats.hear(connection, event("E1"))), range(8))
        )
    assert sorted(heard) == [False] * 7 + [True]
    assert database.write(lambda connection: chats.hear(connection, event("E1", platform="discord")))


def test_a_question_is_answered_once_by_whoever_is_first(database: Transactions) -> None:
    database.write(lambda connection: chats.ask(connection, asked("T")))

    def press(who: int) -> bool:
        return database.write(lambda connection: chats.decide(connection, "T", "confirmed", f"{who}"))

    with ThreadPoolExecutor(8) as threads:
        decided = list(threads.map(press, range(8)))
    assert sum(decided) == 1
    found = database.read(lambda connection: chats.question(connection, "T"))
    assert found is not None
    assert (found.state, found.decided) == ("confirmed", str(decided.index(True)))
    assert not database.write(lambda connection: chats.decide(connection, "other", "confirmed", ""))


def test_questions_of_a_place_are_found_the_newest_first(database: Transactions) -> None:
    for token, until, place in (("a", 60, "slack:C1"), ("b", 90, "slack:C1"), ("c", 90, "slack:C2")):
        database.write(partial(chats.ask, question=asked(token, until, place)))
    found = database.read(lambda connection: chats.questions(connection, "slack", "slack:C1"))
    assert [question.token for question in found] == ["b", "a"]


def test_what_is_old_or_too_much_is_forgotten(database: Transactions) -> None:
    for number in range(10):
        database.write(partial(chats.hear, event=event(f"E{number}", float(number))))
    database.write(lambda connection: chats.ask(connection, asked("T", 4.0)))
    database.write(lambda connection: chats.forget(connection, 3.0, 100))
    left = database.read(lambda connection: chats.left(connection, 100))
    assert [each.event for each in left] == [f"E{number}" for number in range(3, 10)]
    assert database.read(lambda connection: chats.question(connection, "T")) is not None
    database.write(lambda connection: chats.forget(connection, 4.5, 2))
    assert [each.event for each in database.read(lambda connection: chats.left(connection, 100))] == ["E8", "E9"]
    assert database.read(lambda connection: chats.question(connection, "T")) is None
