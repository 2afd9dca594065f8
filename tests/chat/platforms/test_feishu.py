"""Feishu and Lark: what they send, and what is sent to them."""

import json
from dataclasses import replace

import pytest

from mooring.chat.platforms.platform import Posted, Unsent
from mooring.chat.said import Challenge, Clicked, Ignored, Place, Unverified
from tests.chat.platforms.answers import ASKS, DONE, NOW, QUEUED, RUNNING, run
from tests.chat.platforms.doors import connected
from tests.chat.standins import feishu
from tests.chat.standins.feishu import CHAT, USER
from tests.chat.standins.standin import complaints


def test_the_address_is_verified_by_an_unsigned_request_with_the_token() -> None:
    with connected("feishu") as (door, _, _):
        challenge = door.receive(feishu.verification(), NOW)
        assert isinstance(challenge, Challenge)
        assert door.challenge(challenge.body).body == {"challenge": "ajls384kdj"}
        for forged in (feishu.verification(token="another"), feishu.verification(key="another")):
            with pytest.raises(Unverified):
                door.receive(forged, NOW)


def test_an_event_must_be_signed_encrypted_for_this_app_and_have_its_token() -> None:
    with connected("feishu") as (door, standin, _):
        event = standin.message("/drift", NOW)
        with pytest.raises(Unverified, match="signature"):
            door.receive(replace(event, headers={}), NOW)
        head = {"event_id": "e", "event_type": "im.message.receive_v1", "app_id": feishu.APP}
        for header in (head, head | {"token": "another"}, head | {"token": feishu.VERIFICATION, "app_id": "cli_b"}):
            with pytest.raises(Unverified):
                door.receive(feishu.signed(feishu.sealed({"header": header}), NOW), NOW)
        plain = json.dumps({"header": head | {"token": feishu.VERIFICATION}}).encode()
        with pytest.raises(Unverified, match="encrypted"):
            door.receive(feishu.signed(plain, NOW), NOW)


@pytest.mark.parametrize("sealed", ["", "AAAA", "!", "A" * 44, None, 5])
def test_whatever_is_wrong_with_the_encryption_the_words_are_the_same(sealed: object) -> None:
    request = feishu.signed(json.dumps({"encrypt": sealed}).encode(), NOW)
    with (
        connected("feishu") as (door, _, _),
        pytest.raises(Unverified, match="is not encrypted with this app"),
    ):
        door.receive(request, NOW)


def test_mentions_are_not_part_of_what_was_said() -> None:
    with connected("feishu") as (door, standin, _):
        said = door.receive(standin.message("/agent restart concierge", NOW), NOW)
        assert (said.text, said.caller.id, said.place.channel) == ("/agent restart concierge", USER, CHAT)
        mentions = [{"key": f"@_user_{number}"} for number in (1, 12)]
        text = json.dumps({"text": "@_user_1 @_user_12 /智能体 状态"})
        assert door.receive(standin.message("", NOW, content=text, mentions=mentions), NOW).text == "/智能体 状态"


def test_talk_files_and_bots_are_ignored() -> None:
    with connected("feishu") as (door, standin, _):
        for event in (
            standin.message("good morning", NOW),
            standin.message("/drift", NOW, message_type="image"),
            standin.event("im.message.receive_v1", {"sender": {"sender_type": "app"}, "message": {}}, NOW),
            standin.event("im.chat.disbanded_v1", {}, NOW),
            standin.event("card.action.trigger", {"action": {"value": {}}}, NOW),
        ):
            assert isinstance(door.receive(event, NOW), Ignored)
        private = standin.message("good morning", NOW, chat_type="p2p")
        assert door.receive(private, NOW).text == "good morning"


def test_a_message_is_answered_by_one_card_that_is_replaced() -> None:
    with connected("feishu") as (door, standin, _):

        async def told() -> None:
            said = door.receive(standin.message("/deploy rollback", NOW), NOW)
            assert door.acknowledge(said, QUEUED) == door.acknowledge(said, None)
            posted = None
            for answer in (QUEUED, RUNNING, RUNNING, DONE):
                posted = await door.answer(said, answer, posted)
            await door.close()

        run(told())
        (card,) = standin.cards.values()
        assert card["header"]["template"] == "green"
        assert [call.split(" ")[0] for call in standin.calls] == ["POST", "POST", "PATCH", "PATCH", "PATCH"]


def test_a_press_is_acknowledged_with_the_card_itself_or_with_nothing() -> None:
    with connected("feishu") as (door, standin, _):
        clicked = door.receive(standin.press("yes.abc", NOW), NOW)
        assert isinstance(clicked, Clicked)
        assert clicked.token == "yes.abc"
        assert door.acknowledge(clicked, None).body == {}
        reply = door.acknowledge(clicked, DONE)
        assert complaints("feishu", {"$ref": "#/$defs/callback"}, reply.body) == []
        assert reply.posted is not None


def test_a_press_uses_its_token_twice_and_then_the_message() -> None:
    with connected("feishu") as (door, standin, _):

        async def told() -> None:
            asked = await door.post(Place("feishu", CHAT), ASKS)
            clicked = door.receive(standin.press("yes.abc", NOW, message=asked.handle["message"]), NOW)
            posted = None
            for answer in (QUEUED, RUNNING, RUNNING, DONE):
                posted = await door.answer(clicked, answer, posted)
            await door.close()

        run(told())
        assert len(standin.updated) == 2
        (card,) = standin.cards.values()
        assert card["header"]["template"] == "green"


def test_after_half_an_hour_or_a_refusal_the_message_is_replaced_without_the_token() -> None:
    with connected("feishu") as (door, standin, clock):
        asked = run(door.post(Place("feishu", CHAT), ASKS))
        clicked = door.receive(standin.press("yes.abc", NOW, message=asked.handle["message"]), NOW)
        standin.used[clicked.reply["token"]] = 2
        run(door.answer(clicked, RUNNING, None))
        clock.now += 1801
        run(door.answer(clicked, DONE, None))
        assert standin.updated == []
        assert standin.cards[asked.handle["message"]]["header"]["template"] == "green"


def test_the_apps_token_is_asked_for_once_until_it_nearly_ends() -> None:
    with connected("feishu") as (door, standin, clock):
        for seconds in (0, 6000, 2000):
            clock.now += seconds
            run(door.post(Place("feishu", CHAT), DONE))
        assert len(standin.tokens) == 2


def test_a_token_that_feishu_no_longer_knows_is_replaced_once() -> None:
    with connected("feishu") as (door, standin, _):
        run(door.post(Place("feishu", CHAT), DONE))
        standin.tokens.append("t-of-somebody-else")
        run(door.post(Place("feishu", CHAT), DONE))
        assert len(standin.cards) == 2


def test_a_card_that_was_recalled_is_written_anew() -> None:
    with connected("feishu") as (door, standin, _):
        posted = run(door.edit(Place("feishu", CHAT), Posted({"message": "om_gone"}), DONE))
        assert posted.handle["message"] in standin.cards


def test_refusals_of_feishu_are_named_and_hold_no_secret() -> None:
    with connected("feishu") as (door, standin, _):
        door.app_secret = "wrong"
        door.__post_init__()
        with pytest.raises(Unsent, match="cli_a0 no token: 10014") as caught:
            run(door.post(Place("feishu", CHAT), DONE))
        shown = repr(caught.value) + repr(door)
        assert not [secret for secret in (feishu.SECRET, feishu.KEY, feishu.VERIFICATION) if f"'{secret}'" in shown]
        standin.complaints.clear()
