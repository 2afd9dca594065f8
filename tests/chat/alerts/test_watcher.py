"""What an environment keeps is looked at and told, once, by one process of all that serve it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.chat.alerts.watcher import LEAD_SECONDS, Watcher
from mooring.chat.answer import Stage
from mooring.chat.command import Command
from mooring.chat.platforms.platform import Adapter
from mooring.errors import Refused
from mooring.operate.records import Records
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout import approvals, holds, notes
from mooring.rollout.ledger import Ledger
from mooring.rollout.notes import Noted
from mooring.state.records import patrols
from mooring.state.records.approvals import Asked
from mooring.state.records.heartbeats import beat
from mooring.state.records.patrols import Patrolled
from tests.chat.alerts.conftest import Channel, Clock, chat


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    state = tmp_path / ".mooring" / "local"
    Ledger.of(tmp_path, "local", state, {}).close()
    opened = Records(tmp_path, state, "local", {})
    yield opened
    opened.close()


@pytest.fixture
def release(edit: Callable[..., ReleaseContent]) -> Release:
    document = chat(page=["ops"], ticket=["ops"], info=["ops"]).model_dump(mode="json", by_alias=True)
    return Release.of(edit({"chats": {"chat": document}, "environment.chat": "chat"}))


@pytest.fixture
def channel() -> Channel:
    return Channel()


@pytest.fixture
def offered() -> list[Command]:
    """The commands of buttons."""
    return []


@pytest.fixture
def watch(
    records: Records, release: Release, channel: Channel, clock: Clock, offered: list[Command]
) -> Callable[..., bool]:
    """One look of a process, which has not looked before."""

    async def adapter(_name: str) -> Adapter:
        return channel  # type: ignore[return-value]

    def offer(command: Command, _until: float) -> str:
        offered.append(command)
        return f"say.{len(offered)}"

    def look(who: str = "one", live: Release | None = release) -> bool:
        clock.now += LEAD_SECONDS + 1
        return asyncio.run(Watcher(records, who, lambda: live, adapter, offer, clock).look())

    return look


def checked(records: Records, state: str, now: float) -> None:
    one = Patrolled("redis", "redis", state, now, 0, now, state, 0.1, "it does not answer")
    database: Any = records.database()
    database.write(lambda connection: patrols.write(connection, [one], (), 0.0))


def test_trouble_of_the_patrol_is_told_and_resolved(
    records: Records, channel: Channel, watch: Callable[..., bool], clock: Clock
) -> None:
    checked(records, "alarm", clock.now)
    assert watch()
    assert channel.titles == ["local: redis is in alarm"]
    checked(records, "ok", clock.now)
    assert watch()
    assert channel.stages == [Stage.RESOLVED]


def test_drift_late_jobs_and_the_end_of_a_lock_are_told_once(
    records: Records, channel: Channel, watch: Callable[..., bool], clock: Clock
) -> None:
    ledger: Any = records.ledger()
    assert notes.note(ledger, "local", "bot", Noted(5.0, notes.SEEN, ("model/one.id",)))
    database: Any = records.database()
    database.write(lambda connection: beat(connection, "patrol", "success", time.time() - 1900, reported=True))
    holds.lock(ledger, "local", "anna", "a migration", 0.0)
    for _ in range(3):
        assert watch()
    told = set(channel.titles)
    assert "local differs from git" in told
    assert "local: the lock of anna is over; deployments go out again" in told
    assert "local: the job patrol has not reported for too long" in told
    assert len(channel.titles) == len(told)
    assert holds.ended(ledger, "local") == []


def test_the_end_of_a_lock_is_not_taken_for_told_while_the_channel_is_down(
    records: Records, channel: Channel, watch: Callable[..., bool], clock: Clock
) -> None:
    ledger: Any = records.ledger()
    holds.lock(ledger, "local", "anna", "a migration", 0.0)
    channel.down = True
    watch()
    assert len(holds.ended(ledger, "local")) == 1
    channel.down = False
    clock.now += 60
    watch()
    assert holds.ended(ledger, "local") == []
    assert len(channel.titles) == 1


def test_a_silence_keeps_alarms_from_being_told_until_it_ends(
    records: Records, channel: Channel, watch: Callable[..., bool], clock: Clock
) -> None:
    ledger: Any = records.ledger()
    held = holds.silence(ledger, "local", "anna", "a rehearsal", 3600.0)
    checked(records, "alarm", clock.now)
    watch()
    assert channel.titles == []
    ledger.write(lambda statements: statements("update holds set until = 0 where id = :id", id=held.id))
    watch()
    assert sorted(channel.titles) == [
        "local: redis is in alarm",
        "local: the silence of anna is over; alerts are told again",
    ]


def test_a_plan_that_waits_has_a_button_for_exactly_it_and_says_who_was_first(
    records: Records, channel: Channel, watch: Callable[..., bool], offered: list[Command]
) -> None:
    ledger: Any = records.ledger()
    said = {"base": None, "needed": 1, "risk": 3, "changes": ["model swapped"], "count": 1, "commit": None}
    asked = Asked(f"sha256:{'a' * 64}", f"sha256:{'b' * 64}", 0.0, "anna", said)
    with pytest.raises(Refused):
        approvals.demand(ledger, "local", asked, ())
    for _ in range(3):
        assert watch()
    assert channel.titles == ["local: plan aaaaaaaaaaaa by anna waits for approval"]
    assert [button.token for button in channel.messages[1].buttons] == ["say.1"]
    assert ("Or say", "/deploy approve aaaaaaaaaaaa in local") in channel.messages[1].facts
    assert [command.text for command in offered] == [f"/deploy approve {'a' * 64} in local"]
    approvals.approve(ledger, "local", asked.plan, "bob", "feishu")
    assert watch()
    assert channel.titles == ["local: plan aaaaaaaaaaaa by anna was approved by bob"]
    assert channel.messages[1].buttons == ()
    assert channel.stages == [Stage.RESOLVED]


def test_of_two_processes_one_tells(
    records: Records, release: Release, channel: Channel, watch: Callable[..., bool], clock: Clock
) -> None:
    assert watch("one")
    clock.now -= LEAD_SECONDS  # the other one looks a second later
    assert not watch("two")


def test_where_nobody_is_to_be_told_nothing_is_claimed(
    watch: Callable[..., bool], edit: Callable[..., ReleaseContent]
) -> None:
    assert not watch(live=None)
    assert not watch(live=Release.of(edit({})))
