"""Discord: what it sends, and what is sent to it."""

import json

import pytest

from mooring.chat.platforms.platform import Incoming, Posted, Unsent
from mooring.chat.said import Challenge, Clicked, Ignored, Place, Said, Unverified
from tests.chat.platforms.answers import ASKS, DONE, NOW, QUEUED, RUNNING, STATUS, run
from tests.chat.platforms.doors import connected
from tests.chat.standins import discord
from tests.chat.standins.discord import CHANNEL, USER, sub
from tests.chat.standins.standin import complaints, description

CALLBACK = "POST /interactions/{interaction_id}/{interaction_token}/callback"


def described(reply: object) -> list[str]:
    return complaints("discord", description("discord")["calls"][CALLBACK]["body"], reply)


def test_a_ping_is_answered_where_it_is_signed() -> None:
    with connected("discord") as (door, _, _):
        challenge = door.receive(discord.ping(NOW), NOW)
        assert isinstance(challenge, Challenge)
        assert door.challenge(challenge.body).body == {"type": 1}
        with pytest.raises(Unverified):
            door.receive(Incoming(discord.ping(NOW).headers, b'{"type":1}'), NOW)


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("drift", [], "/drift"),
        ("agent", sub("status"), "/agent status"),
        ("agent", sub("logs", id="concierge", environment="staging"), "/agent logs concierge in staging"),
        (
            "deploy",
            sub("lock", environment="staging", reason="big sale", minutes=30),
            '/deploy lock 30 "big sale" in staging',
        ),
        ("approve", [{"name": "run", "type": 3, "value": "run_1"}], "/approve run_1"),
        ("agent", sub("logs", id="a in production"), "/agent logs a in production"),
        ("other", sub("thing"), "/other thing"),
    ],
)
def test_options_are_the_words_of_a_command(name: str, options: list[object], line: str) -> None:
    with connected("discord") as (door, standin, _):
        said = door.receive(standin.command(name, options, NOW), NOW)
        assert isinstance(said, Said)
        assert (said.text, said.caller.id, said.place.channel) == (line, USER, CHANNEL)


def test_whoever_reads_chinese_says_it_in_chinese() -> None:
    with connected("discord") as (door, standin, _):
        body = json.loads(standin.command("agent", sub("restart", id="concierge", environment="staging"), NOW).body)
        request = discord.signed(json.dumps(body | {"locale": "zh-CN"}).encode(), NOW)
        assert door.receive(request, NOW).text == "/智能体 重启 concierge 环境 staging"


def test_a_press_brings_the_token_of_its_button() -> None:
    with connected("discord") as (door, standin, _):
        clicked = door.receive(standin.press("mooring:yes.abc", NOW), NOW)
        assert isinstance(clicked, Clicked)
        assert clicked.token == "yes.abc"
        assert isinstance(door.receive(standin.press("somebody-elses", NOW), NOW), Ignored)
        assert isinstance(door.receive(standin.interaction(5, {}, NOW), NOW), Ignored)


def test_an_interaction_for_another_application_is_refused() -> None:
    with connected("discord") as (door, _, _), pytest.raises(Unverified, match="another application"):
        door.receive(discord.signed(b'{"type": 1, "application_id": "1"}', NOW), NOW)


def test_acknowledgements_are_deferred_or_the_answer_itself() -> None:
    with connected("discord") as (door, standin, _):
        said = door.receive(standin.command("agent", sub("status"), NOW), NOW)
        clicked = door.receive(standin.press("mooring:yes.abc", NOW), NOW)
        assert (door.acknowledge(said, None).body, door.acknowledge(clicked, None).body) == ({"type": 5}, {"type": 6})
        shown, replaced = door.acknowledge(said, STATUS), door.acknowledge(clicked, DONE)
        assert (shown.body["type"], replaced.body["type"]) == (4, 7)
        assert [described(reply.body) for reply in (shown, replaced)] == [[], []]


def test_an_answer_is_one_message_that_is_edited_by_the_interactions_token() -> None:
    with connected("discord") as (door, standin, _):

        async def told() -> None:
            said = door.receive(standin.command("deploy", sub("rollback"), NOW), NOW)
            posted = None
            for answer in (QUEUED, ASKS, RUNNING, DONE):
                posted = await door.answer(said, answer, posted)
            await door.close()

        run(told())
        assert {call.split("/")[1] for call in standin.calls} == {"webhooks"}
        (shown,) = standin.messages.values()
        assert "Rolled back production" in shown["content"]
        assert shown["allowed_mentions"] == {"parse": []}


def test_after_a_quarter_of_an_hour_the_bot_edits_the_message_itself() -> None:
    with connected("discord") as (door, standin, clock):
        said = door.receive(standin.command("deploy", sub("rollback"), NOW), NOW)
        posted = run(door.answer(said, RUNNING, None))
        clock.now += 901
        run(door.answer(said, DONE, posted))
        assert standin.calls[-1] == "PATCH /channels/{channel_id}/messages/{message_id}"
        assert len(standin.messages) == 1
        run(door.answer(said, DONE, None))
        assert standin.calls[-1] == "POST /channels/{channel_id}/messages"


def test_a_message_that_was_deleted_is_written_anew() -> None:
    with connected("discord") as (door, standin, _):
        posted = run(door.edit(Place("discord", CHANNEL), Posted({"message": "1", "channel": CHANNEL}), DONE))
        assert posted.handle["message"] in standin.messages


def test_a_channel_that_the_bot_may_not_write_in_is_said_to_be() -> None:
    with connected("discord") as (door, standin, _):
        standin.open = False
        with pytest.raises(Unsent, match="does not let the bot write") as caught:
            run(door.post(Place("discord", CHANNEL), DONE))
        assert discord.TOKEN not in repr(caught.value) + repr(door)


def test_the_commands_of_the_grammar_are_registered_in_both_languages() -> None:
    with connected("discord") as (door, standin, _):
        assert run(door.register()) == len(standin.commands)
        by_name = {command["name"]: command for command in standin.commands}
        assert {"agent", "deploy", "alert", "drift", "approve", "help"} <= set(by_name)
        assert not {"confirm", "cancel"} & set(by_name)
        restart = next(option for option in by_name["agent"]["options"] if option["name"] == "restart")
        assert restart["name_localizations"] == {"zh-CN": "重启"}
        assert [(option["name"], option["required"]) for option in restart["options"]] == [
            ("id", True),
            ("environment", False),
        ]
