"""Slack: what it sends, and what is sent to it."""

from dataclasses import replace

import pytest

from mooring.chat.platforms.platform import Posted, Unsent
from mooring.chat.platforms.slack.blocks import message
from mooring.chat.said import Challenge, Clicked, Ignored, Place, Unverified
from tests.chat.platforms.answers import ASKS, DONE, NOW, QUEUED, RUNNING, STATUS, run
from tests.chat.platforms.doors import connected
from tests.chat.standins import slack
from tests.chat.standins.slack import CHANNEL, USER
from tests.chat.standins.standin import complaints


def test_a_slash_command_is_a_line_of_text_from_whom_slack_vouches_for() -> None:
    with connected("slack") as (door, standin, _):
        said = door.receive(standin.slash("/agent restart concierge", NOW), NOW)
        assert (said.text, said.caller.id, said.place.channel) == ("/agent restart concierge", USER, CHANNEL)
        assert door.receive(standin.slash("/moor agent status", NOW), NOW).text == "/agent status"
        assert door.receive(standin.slash("/moor /drift in staging", NOW), NOW).text == "/drift in staging"
        assert (
            door.receive(standin.slash("/agent a &amp;lt; &lt;b&gt; 日志", NOW), NOW).text == "/agent a &lt; <b> 日志"
        )


def test_a_press_brings_the_token_of_its_button() -> None:
    with connected("slack") as (door, standin, _):
        clicked = door.receive(standin.press("yes.abc", NOW, ts="1700000000.000007"), NOW)
        assert isinstance(clicked, Clicked)
        assert (clicked.token, clicked.caller.id) == ("yes.abc", USER)
        assert clicked.reply["ts"] == "1700000000.000007"


def test_a_mention_is_heard_where_it_is_a_command() -> None:
    with connected("slack") as (door, standin, _):
        said = door.receive(standin.mention("/agent logs concierge", NOW), NOW)
        assert (said.text, said.place.thread) == ("/agent logs concierge", "1700000000.000100")
        for event in (
            {"subtype": "bot_message"},
            {"bot_id": "B0"},
            {"subtype": "message_changed"},
            {"type": "team_join"},
        ):
            assert isinstance(door.receive(standin.mention("/drift", NOW, **event), NOW), Ignored)
        assert isinstance(door.receive(standin.mention("good morning", NOW), NOW), Ignored)
        elsewhere = standin.mention("/drift", NOW, type="message", channel_type="channel")
        assert isinstance(door.receive(elsewhere, NOW), Ignored)


def test_the_address_is_verified_by_its_challenge() -> None:
    with connected("slack") as (door, _, _):
        asked = slack.signed(b'{"type":"url_verification","challenge":"3eZbrw1aB"}', NOW)
        challenge = door.receive(asked, NOW)
        assert isinstance(challenge, Challenge)
        assert door.challenge(challenge.body).body == {"challenge": "3eZbrw1aB"}
        with pytest.raises(Unverified):
            door.receive(slack.signed(asked.body, NOW, secret="another"), NOW)


def test_a_certificate_check_and_other_interactions_are_ignored() -> None:
    with connected("slack") as (door, _, _):
        for body in (b"ssl_check=1&token=x", b"payload=%7B%22type%22%3A%22view_submission%22%7D"):
            assert isinstance(door.receive(slack.signed(body, NOW, form=True), NOW), Ignored)


def test_a_final_answer_is_in_the_reply_itself_and_seen_by_the_channel() -> None:
    with connected("slack") as (door, standin, _):
        reply = door.acknowledge(door.receive(standin.slash("/agent status", NOW), NOW), STATUS)
        assert reply.body["response_type"] == "in_channel"
        assert complaints("slack", {"$ref": "#/$defs/response"}, reply.body) == []
        assert reply.posted is not None
        assert standin.calls == []


def test_an_answer_that_changes_is_one_message_that_is_edited() -> None:
    with connected("slack") as (door, standin, _):

        async def told() -> None:
            said = door.receive(standin.slash("/deploy rollback", NOW), NOW)
            assert door.acknowledge(said, QUEUED).posted is None
            assert door.acknowledge(said, None).body == {"response_type": "in_channel"}
            posted = None
            for answer in (QUEUED, RUNNING, DONE):
                posted = await door.answer(said, answer, posted)
            await door.close()

        run(told())
        assert [call.rsplit("/")[-1] for call in standin.calls] == ["chat.postMessage", "chat.update", "chat.update"]
        (shown,) = standin.messages.values()
        assert "Rolled back production" in shown["blocks"][0]["text"]["text"]


@pytest.mark.slow
def test_where_the_bot_is_not_a_response_url_answers_five_times() -> None:
    with connected("slack") as (door, standin, _):

        async def told() -> Posted:
            said = door.receive(standin.slash("/deploy rollback", NOW, channel="C0ELSE"), NOW)
            posted = None
            for _ in range(5):
                posted = await door.answer(said, RUNNING, posted)
            assert posted is not None
            assert posted.edits == 0
            with pytest.raises(Unsent, match="not_in_channel"):
                await door.answer(said, DONE, posted)
            return posted

        run(told())
        assert len(standin.responses) == 5
        assert [body["replace_original"] for body in standin.responses] == [False, True, True, True, True]


def test_a_press_replaces_the_question_five_times_by_its_url_and_then_by_the_api() -> None:
    with connected("slack") as (door, standin, _):

        async def told() -> None:
            asked = await door.post(Place("slack", CHANNEL), ASKS)
            clicked = door.receive(standin.press("yes.abc", NOW, ts=asked.handle["ts"]), NOW)
            assert door.acknowledge(clicked, QUEUED).posted is None
            posted = None
            for _ in range(6):
                posted = await door.answer(clicked, RUNNING, posted)
            await door.answer(clicked, DONE, posted)
            await door.close()

        run(told())
        assert [body["replace_original"] for body in standin.responses] == [True] * 5
        assert standin.calls[-2:] == ["POST /api/chat.update"] * 2


def test_after_half_an_hour_only_the_api_is_asked() -> None:
    with connected("slack") as (door, standin, clock):
        said = door.receive(standin.press("yes.abc", NOW), NOW)
        clock.now += 1801
        run(door.answer(said, DONE, None))
        assert standin.responses == []
        assert standin.calls == ["POST /api/chat.update", "POST /api/chat.postMessage"]


def test_a_response_url_of_another_host_gets_nothing() -> None:
    with connected("slack") as (door, standin, _):
        clicked = door.receive(standin.press("yes.abc", NOW), NOW)
        for url in ("http://127.0.0.1:1/hooks/x", f"{standin.url}/hooks.example/x", "https://evil.example/hooks/"):
            forged = replace(clicked, reply={**clicked.reply, "response_url": url})
            run(door.answer(forged, DONE, None))
        assert standin.responses == []


def test_a_message_that_was_deleted_is_written_anew_in_its_thread() -> None:
    with connected("slack") as (door, standin, _):
        place = Place("slack", CHANNEL, "1700000000.000001")
        posted = run(door.edit(place, Posted({"ts": "1.000000", "channel": CHANNEL}), DONE))
        assert posted.handle["ts"] == "1700000000.000001"
        assert next(iter(standin.messages.values()))["thread_ts"] == "1700000000.000001"


def test_refusals_of_slack_are_named_and_hold_no_token() -> None:
    with connected("slack") as (door, standin, _):
        standin.trouble = [(200, {}, {"ok": False, "error": "invalid_auth"})]
        with pytest.raises(Unsent, match="invalid_auth") as caught:
            run(door.post(Place("slack", CHANNEL), DONE))
        assert slack.TOKEN not in repr(caught.value) + repr(door)
        assert slack.SECRET not in repr(door)


def test_buttons_carry_their_tokens_and_danger_is_red() -> None:
    (actions,) = (block for block in message(ASKS)["blocks"] if block["type"] == "actions")
    assert [(one["value"], one.get("style")) for one in actions["elements"]] == [
        (ASKS.buttons[0].token, "danger"),
        (ASKS.buttons[1].token, None),
    ]
