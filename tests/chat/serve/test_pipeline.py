"""What follows an acknowledgement: once, in time, in one message, and written down even where it cannot be shown."""

import asyncio
import threading
import time

import pytest

from mooring.chat.serve import pipeline, showing
from mooring.rollout import chatted
from tests.chat.serve.conftest import Held, House, quick, until
from tests.chat.standins import discord


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what takes longer than a test."""
    monkeypatch.setattr(showing, "PAUSES", (0.0,))
    monkeypatch.setattr(showing, "EVERY_SECONDS", 0.05)


def test_an_event_that_is_delivered_again_is_not_heard_again(house: House) -> None:
    status = quick()
    with house.opened({"agent status": status}) as door:
        said = house.slack.mention("/agent status", time.time())
        for _ in range(3):
            assert door.deliver("slack", said).status_code == 200
        until(lambda: door.recorded() == ["done"])
        assert door.deliver("slack", said).status_code == 200
        assert status.ran == 1
        assert len(house.slack.messages) == 1


def test_what_is_done_at_once_is_one_message_and_spends_no_edit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(showing, "GRACE_SECONDS", 30.0)
    with house.opened({"agent status": quick(says=("one", "two"))}) as door:
        door.deliver("feishu", house.feishu.message("/agent status", time.time()))
        until(lambda: house.feishu.cards)
        until(lambda: door.recorded() == ["done"])
        assert [call for call in house.feishu.calls if "messages" in call] == [
            "POST /open-apis/im/v1/messages/{message_id}/reply"
        ]


def test_what_takes_its_time_says_so_and_then_how_it_ended_in_the_same_message(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "GRACE_SECONDS", 0.0)
    status = Held(says=("asking blue", "asking green"))
    with house.opened({"agent status": status}) as door:
        door.deliver("slack", house.slack.slash("/agent status", time.time()))
        until(lambda: "asking green" in str(house.slack.messages))
        assert "running" in str(house.slack.messages)
        status.may.set()
        until(lambda: "agent status is done" in str(house.slack.messages))
        assert len(house.slack.messages) == 1


@pytest.mark.slow
def test_the_last_edit_of_a_platform_that_counts_them_is_kept_for_the_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(showing, "GRACE_SECONDS", 0.0)
    house.slack.members.clear()  # so that there is nothing but the response_url, which is good for five
    status = Held(says=tuple(f"step {number}" for number in range(20)), pause=0.06)
    with house.opened({"agent status": status}) as door:
        door.deliver("slack", house.slack.slash("/agent status", time.time()))
        assert status.begun.wait(60)
        until(lambda: len(house.slack.responses) == 4)
        status.may.set()
        until(lambda: "agent status is done" in str(house.slack.responses))
        until(lambda: door.recorded() == ["done"])
        assert max(house.slack.used.values()) == 5


def tokens(card: object) -> list[str]:
    """The tokens of a card's buttons."""
    match card:
        case {"value": {"token": str(token)}}:
            return [token]
        case dict():
            return [token for value in card.values() for token in tokens(value)]
        case list():
            return [token for value in card for token in tokens(value)]
    return []


def test_a_database_that_is_slow_delays_the_answer_and_not_the_acknowledgement(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "SHARE", 0.01)
    status, may = quick(), threading.Event()
    with house.opened({"agent status": status}) as door:
        hear = door.door.store.hear

        def slowly(received: object) -> bool:
            assert may.wait(60)
            return hear(received)  # type: ignore[arg-type]

        monkeypatch.setattr(door.door.store, "hear", slowly)
        said = house.discord.command("agent", discord.sub("status"), time.time())
        assert door.deliver("discord", said).json() == {"type": 5}
        assert status.ran == 0
        may.set()
        until(lambda: "agent status is done" in str(house.discord.messages))


def test_an_action_happens_though_nobody_can_be_told_and_the_record_says_so(house: House) -> None:
    rollback = quick(changes=True)
    with house.opened({"deploy rollback": rollback}, confirm={"*": "none"}) as door:
        house.slack.members.clear()
        house.slack.used = dict.fromkeys((f"token-{number}" for number in range(20)), 9)  # no response_url is any good
        assert door.deliver("slack", house.slack.mention("/deploy rollback", time.time())).status_code == 200
        until(lambda: door.recorded() == ["started", "done", "unposted"])
        assert rollback.ran == 1
        unposted = next(chatted.newest(door.ledger, "local")).event
        assert unposted["text"] == "/deploy rollback"
        assert "not_in_channel" in unposted["code"]
        assert door.ask(lambda: asyncio.to_thread(door.door.desk.left)) == []


def test_what_was_heard_and_not_begun_is_done_by_the_next_door(house: House) -> None:
    first, second = Held(), quick()
    with house.opened({"agent status": first}) as door:
        door.deliver("slack", house.slack.mention("/agent status", time.time()))
        assert first.begun.wait(60)
        door.close(kill=True)
    with house.opened({"agent status": second}) as door:
        assert door.ask(door.door.pipeline.resume) == 1
        until(lambda: "agent status is done" in str(house.slack.messages))
        until(lambda: not door.door.desk.left())
    first.may.set()
    assert second.ran == 1


def test_a_change_that_had_begun_is_not_made_again_and_its_answer_says_what_is_known(house: House) -> None:
    first, second = Held(changes=True), quick(changes=True)
    with house.opened({"deploy rollback": first}, confirm={"*": "none"}) as door:
        door.deliver("slack", house.slack.mention("/deploy rollback", time.time()))
        assert first.begun.wait(60)
        door.close(kill=True)
    with house.opened({"deploy rollback": second}, confirm={"*": "none"}) as door:
        assert door.ask(door.door.pipeline.resume) == 1
        until(lambda: "process that did this ended" in str(house.slack.messages))
        assert "no rollout has begun since then" in str(house.slack.messages)
    first.may.set()
    assert second.ran == 0


def test_a_question_outlives_the_door_that_asked_it(house: House) -> None:
    rollback = quick(changes=True)
    with house.opened({"deploy rollback": rollback}) as door:
        door.deliver("feishu", house.feishu.message("/deploy rollback", time.time()))
        asked = until(lambda: [token for card in house.feishu.cards.values() for token in tokens(card)])
        door.close(kill=True)
    with house.opened({"deploy rollback": rollback}) as door:
        assert door.ask(door.door.pipeline.resume) == 0
        door.deliver("feishu", house.feishu.press(asked[0], time.time(), message="om_1"))
        until(lambda: "deploy rollback is done" in str(house.feishu.updated) + str(house.feishu.cards))
    assert rollback.ran == 1


def test_a_press_by_somebody_else_is_told_beside_the_question_which_stays(house: House) -> None:
    rollback = quick(changes=True)
    with house.opened({"deploy rollback": rollback}) as door:
        door.deliver("slack", house.slack.mention("/deploy rollback", time.time()))
        (question,) = until(lambda: list(house.slack.messages.items()))
        token = next(
            each["value"] for block in question[1]["blocks"] for each in block.get("elements", []) if "value" in each
        )
        door.deliver("slack", house.slack.press(token, time.time(), user="U0MALLORY", ts=question[0][1]))
        until(lambda: len(house.slack.messages) == 2)
        assert house.slack.messages[question[0]] == question[1]
        assert rollback.ran == 0
        door.deliver("slack", house.slack.press(token, time.time(), ts=question[0][1]))
        until(lambda: rollback.ran == 1)
