"""A press that is refused leaves the question to whom it belongs, and an alert stays when its button is pressed."""

from typing import Any

import pytest

from mooring.chat import asking
from mooring.chat.answer import Answer, Stage
from mooring.chat.codes import Code
from mooring.chat.platforms.platform import Unsent
from mooring.chat.platforms.pressing import OVER, SAY, beside, private
from mooring.chat.said import Caller, Clicked, Place, Said
from tests.chat.platforms.answers import ASKS, DONE, NOW, run
from tests.chat.platforms.doors import connected
from tests.chat.standins import feishu, slack
from tests.chat.standins.standin import complaints, description

REFUSED = Answer(Stage.REFUSED, "Only anna can answer this.", code=str(Code.NOT_YOURS))
EXPIRED = Answer(Stage.REFUSED, "The 60 s are over.", code=str(Code.EXPIRED))


def test_only_a_press_that_leaves_the_question_open_is_answered_to_one_alone() -> None:
    place = Place("slack", "C0OPS")
    pressed = Clicked("1", Caller("slack", "U1"), place, "yes.abc")
    said = Said("1", Caller("slack", "U1"), place, "/drift")
    for code in Code:
        refused = Answer(Stage.REFUSED, "No.", code=str(code))
        assert private(pressed, refused) is (code not in OVER)
        assert not private(said, refused)
    assert not private(pressed, DONE)


def test_a_button_that_says_a_command_is_known_by_its_token() -> None:
    assert f"{asking.SAY}." == SAY
    place = Place("slack", "C0OPS")
    assert beside(Clicked("1", Caller("slack", "U1"), place, f"{asking.SAY}.abc"))
    assert not beside(Clicked("1", Caller("slack", "U1"), place, f"{asking.YES}.say.abc"))


def test_slack_tells_only_whoever_pressed_and_the_question_stays() -> None:
    with connected("slack") as (door, standin, clock):
        asked = run(door.post(Place("slack", slack.CHANNEL), ASKS))
        pressed = door.receive(standin.press("yes.abc", NOW, user="U0BOB", ts=asked.handle["ts"]), NOW)
        run(door.answer(pressed, REFUSED, None))
        assert [(one["response_type"], one["replace_original"]) for one in standin.responses] == [("ephemeral", False)]
        run(door.answer(pressed, EXPIRED, None))
        assert standin.responses[-1]["replace_original"] is True
        (kept,) = standin.messages.values()
        assert kept["text"].startswith("? Roll back production")
        clock.now += 1801
        with pytest.raises(Unsent, match="whoever pressed"):
            run(door.answer(pressed, REFUSED, None))


def test_slack_answers_an_alerts_button_in_the_alerts_thread() -> None:
    with connected("slack") as (door, standin, _):
        alert = run(door.post(Place("slack", slack.CHANNEL), ASKS))
        pressed = door.receive(standin.press("say.abc", NOW, ts=alert.handle["ts"]), NOW)

        async def told() -> None:
            posted = await door.answer(pressed, ASKS, None)
            await door.answer(pressed, DONE, posted)

        run(told())
        first, second = standin.messages.values()
        assert first["text"].startswith("? Roll back production")
        assert second["thread_ts"] == alert.handle["ts"]
        assert second["text"].startswith("\u2713 Rolled back production")
        assert standin.responses == []


def test_discord_tells_only_whoever_pressed_and_the_question_stays() -> None:
    with connected("discord") as (door, standin, _):
        pressed = door.receive(standin.press("mooring:yes.abc", NOW), NOW)
        reply = door.acknowledge(pressed, REFUSED)
        assert (reply.body["type"], reply.body["data"]["flags"]) == (4, 64)
        assert reply.posted is not None
        assert _described(reply.body) == []
        assert door.acknowledge(pressed, EXPIRED).body["type"] == 7
        run(door.answer(pressed, REFUSED, None))
        assert [one["flags"] for one in standin.whispered] == [64]
        assert standin.messages == {}


def test_discord_answers_an_alerts_button_by_another_message() -> None:
    with connected("discord") as (door, standin, _):
        pressed = door.receive(standin.press("mooring:say.abc", NOW), NOW)
        assert door.acknowledge(pressed, None).body == {"type": 5}
        assert door.acknowledge(pressed, DONE).body["type"] == 4


def test_feishu_tells_only_whoever_pressed_and_the_question_stays() -> None:
    with connected("feishu") as (door, standin, _):
        pressed = door.receive(standin.press("yes.abc", NOW), NOW)
        reply = door.acknowledge(pressed, REFUSED)
        assert reply.body == {"toast": {"type": "error", "content": "\u2298 Only anna can answer this."}}
        assert complaints("feishu", {"$ref": "#/$defs/callback"}, reply.body) == []
        run(door.answer(pressed, REFUSED, None))
        assert standin.updated == []
        assert standin.calls[-1].endswith("/reply")


def test_feishu_answers_an_alerts_button_by_another_card() -> None:
    with connected("feishu") as (door, standin, _):
        alert = run(door.post(Place("feishu", feishu.CHAT), ASKS))
        pressed = door.receive(standin.press("say.abc", NOW, message=alert.handle["message"]), NOW)
        assert door.acknowledge(pressed, ASKS).posted is None

        async def told() -> None:
            posted = await door.answer(pressed, ASKS, None)
            await door.answer(pressed, DONE, posted)

        run(told())
        assert [card["header"]["template"] for card in standin.cards.values()] == ["yellow", "green"]


def _described(reply: Any) -> list[str]:
    call = "POST /interactions/{interaction_id}/{interaction_token}/callback"
    return complaints("discord", description("discord")["calls"][call]["body"], reply)
