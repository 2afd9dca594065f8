"""An incident is told once, in one message that is changed in place, also after a restart; a storm is one message."""

import asyncio
from collections.abc import Iterable

import pytest

from mooring.chat.alerts.incident import Incident, Severity
from mooring.chat.alerts.teller import MANY, SAME_SECONDS, Seen, Teller
from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Adapter
from mooring.spec.chat import Chat
from mooring.state.records import chat_messages
from mooring.state.transactions import Transactions
from tests.chat.alerts.conftest import Channel, Clock, chat

SOURCES = ("patrol", "rollout")


def alarm(name: str, title: str = "", severity: Severity = "page", **facts: str) -> Incident:
    shown = tuple(facts.items())
    return Incident(f"patrol/{name}", severity, Answer(Stage.ALERT, title or f"{name} is in alarm", shown), alarm=True)


def rollout(stage: Stage, severity: Severity = "info", number: int = 1) -> Incident:
    return Incident(f"rollout/{number}", severity, Answer(stage, f"a deployment: {stage}"))


class House:
    """What tells, and what it is told."""

    def __init__(self, database: Transactions, clock: Clock, document: Chat) -> None:
        self.database, self.clock, self.document = database, clock, document
        self.channel = Channel()
        self.restart()

    def restart(self) -> None:
        async def adapter(_name: str) -> Adapter:
            return self.channel  # type: ignore[return-value]

        self.teller = Teller("local", adapter)

    def sees(
        self, *incidents: Incident, after: float = 3.0, silent: bool = False, read: Iterable[str] = SOURCES
    ) -> None:
        self.clock.now += after
        seen = Seen(incidents, set(read), silent)
        asyncio.run(self.teller.tell(seen, self.document, self.database, self.clock.now))


@pytest.fixture
def house(database: Transactions, clock: Clock) -> House:
    return House(database, clock, chat(page=["pages"], ticket=["tickets"], info=["infos"]))


def test_an_incident_is_one_message_from_its_begin_to_its_end_whoever_restarts(house: House) -> None:
    house.sees(alarm("redis", seconds="1"))
    house.restart()
    house.sees(alarm("redis", seconds="1"))
    assert house.channel.stages == [Stage.ALERT]
    assert house.channel.edits == 0
    house.restart()
    house.sees(after=120)
    assert house.channel.stages == [Stage.RESOLVED]
    assert house.channel.messages[1].seconds == pytest.approx(123)
    house.sees(after=120)
    assert house.channel.edits == 1


def test_what_an_alert_says_is_changed_in_place_and_its_figures_not_more_than_once_a_minute(house: House) -> None:
    house.sees(alarm("redis", seconds="1"))
    house.sees(alarm("redis", seconds="2"))
    assert house.channel.edits == 0
    house.sees(alarm("redis", seconds="3"), after=60)
    assert dict(house.channel.messages[1].facts) == {"seconds": "3"}
    house.sees(alarm("redis", "redis cannot be reached"))
    assert house.channel.titles == ["redis cannot be reached"]
    assert house.channel.edits == 2


def test_what_could_not_be_looked_at_is_not_over_for_that(house: House) -> None:
    house.sees(alarm("redis"))
    house.sees(read=("rollout",))
    assert house.channel.stages == [Stage.ALERT]


def test_one_that_comes_back_soon_is_told_where_it_was_and_later_in_a_new_message(house: House) -> None:
    house.sees(alarm("redis"))
    house.sees()
    house.sees(alarm("redis"), after=60)
    assert house.channel.stages == [Stage.ALERT]
    house.sees(after=60)
    house.sees(alarm("redis"), after=SAME_SECONDS + 1)
    assert house.channel.stages == [Stage.RESOLVED, Stage.ALERT]


def test_a_rollout_is_told_as_it_goes_and_once_it_is_over_never_again(house: House) -> None:
    house.sees(rollout(Stage.RUNNING))
    house.sees(rollout(Stage.DONE))
    house.restart()
    house.sees(rollout(Stage.DONE), after=3600)
    house.sees(after=3600)
    assert house.channel.stages == [Stage.DONE]
    house.sees(rollout(Stage.DONE, number=2))
    assert house.channel.stages == [Stage.DONE, Stage.DONE]


def test_each_severity_goes_to_its_channels_and_one_that_gets_worse_to_more_of_them(house: House) -> None:
    house.sees(rollout(Stage.RUNNING), alarm("redis"))
    assert sorted(house.channel.places.values()) == ["infos", "pages"]
    house.sees(rollout(Stage.FAILED, "page"), alarm("redis"))
    assert sorted(house.channel.places.values()) == ["infos", "pages", "pages"]
    told = [stage for number, stage in enumerate(house.channel.stages, 1) if house.channel.places[number] == "infos"]
    assert told == [Stage.FAILED]


def test_a_message_that_could_not_be_written_is_written_later_and_not_twice(house: House) -> None:
    house.channel.down = True
    house.sees(alarm("redis"))
    house.channel.down = False
    house.sees(alarm("redis"))
    assert house.channel.messages == {}
    house.sees(alarm("redis"), after=60)
    house.sees(alarm("redis"), after=60)
    assert house.channel.stages == [Stage.ALERT]
    house.channel.down = True
    house.sees(after=60)
    assert house.channel.stages == [Stage.ALERT]
    house.channel.down = False
    house.sees(after=60)
    assert house.channel.stages == [Stage.RESOLVED]


def test_a_claim_of_another_process_is_respected_until_it_is_old(house: House, database: Transactions) -> None:
    mine = alarm("redis")
    other = chat_messages.Message("patrol/redis", "slack", "pages", house.clock.now, "", "{}")
    assert database.write(lambda connection: chat_messages.claim(connection, other))
    assert not database.write(lambda connection: chat_messages.claim(connection, other))
    house.sees(mine)
    assert house.channel.messages == {}
    house.sees(mine, after=60)
    assert house.channel.stages == [Stage.ALERT]


def test_a_silence_keeps_new_alarms_back_but_no_rollout_and_no_end(house: House) -> None:
    house.sees(alarm("redis"))
    house.sees(alarm("postgres"), rollout(Stage.RUNNING), silent=True)
    assert house.channel.titles == ["Over: redis is in alarm", "a deployment: running"]
    house.sees(alarm("postgres"), rollout(Stage.RUNNING))
    assert house.channel.titles[-1] == "postgres is in alarm"


def test_what_comes_all_at_once_is_one_message_that_says_how_many_are_left(house: House) -> None:
    storm = [alarm(f"check-{number}") for number in range(MANY + 3)]
    house.sees(*storm)
    assert house.channel.titles == ["local: 8 of 8 incidents are open"]
    assert len(house.channel.messages[1].facts) == 8
    house.restart()
    house.sees(*storm[:3])
    assert house.channel.titles == ["local: 3 of 8 incidents are open"]
    house.sees(*storm[:3], *[alarm(f"more-{number}") for number in range(6)])
    assert house.channel.titles == ["local: 9 of 14 incidents are open"]
    house.sees()
    assert house.channel.titles == ["local: all of 14 incidents are over"]
    assert house.channel.stages == [Stage.RESOLVED]
    edits = house.channel.edits
    house.sees(after=600)
    assert house.channel.edits == edits


def test_few_alerts_after_each_other_are_told_by_themselves(house: House) -> None:
    for number in range(MANY):
        house.sees(*[alarm(f"check-{each}") for each in range(number + 1)], after=20)
    assert len(house.channel.messages) == MANY


def test_one_process_tells_until_it_is_silent_for_long(database: Transactions, clock: Clock) -> None:
    def leads(who: str) -> bool:
        return database.write(lambda connection: chat_messages.lead(connection, who, clock.now, 30))

    assert leads("one")
    assert not leads("two")
    clock.now += 20
    assert leads("one")
    clock.now += 20
    assert not leads("two")
    clock.now += 20
    assert leads("two")
    assert not leads("one")


def test_alerts_are_in_the_language_of_the_document(database: Transactions, clock: Clock) -> None:
    house = House(database, clock, chat("zh-CN", page=["pages"]))
    house.sees(*[alarm(f"check-{number}") for number in range(9)])
    house.sees()
    assert house.channel.titles == ["local：9 个告警均已恢复"]
