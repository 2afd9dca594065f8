"""Sending: patience within limits, no second message by mistake, no redirect with a token."""

from typing import Any

import pytest

from mooring.chat.platforms.platform import Unsent
from mooring.chat.platforms.sender import PATIENCE, Sender
from mooring.chat.said import Place
from mooring.spec.chat import Platform
from tests.chat.platforms.answers import DONE, run
from tests.chat.platforms.doors import Clock, connected
from tests.chat.standins.discord import CHANNEL as DISCORD_CHANNEL
from tests.chat.standins.slack import CHANNEL

SLACK, DISCORD = Place("slack", CHANNEL), Place("discord", DISCORD_CHANNEL)


def test_a_platform_is_given_the_time_that_it_asks_for() -> None:
    with connected("slack") as (door, standin, clock):
        standin.trouble = [(429, {"Retry-After": "7"}, {"ok": False, "error": "ratelimited"})]
        run(door.post(SLACK, DONE))
        assert clock.slept == [7.0]
        assert len(standin.messages) == 1


def test_discord_says_how_long_in_the_body() -> None:
    with connected("discord") as (door, standin, clock):
        standin.trouble = [(429, {"Retry-After": "2"}, {"message": "…", "retry_after": 1.25, "global": False})]
        run(door.post(DISCORD, DONE))
        assert clock.slept == [1.25]


def test_feishu_says_how_long_in_a_header_of_its_own() -> None:
    with connected("feishu") as (door, standin, clock):
        standin.trouble = [(429, {"x-ogw-ratelimit-reset": "3"}, {"code": 99991400, "msg": "…"})]
        run(door.post(Place("feishu", "oc_ops"), DONE))
        assert clock.slept == [3.0]


@pytest.mark.parametrize("after", [f"{PATIENCE + 1:.0f}", "86400"])
def test_who_wants_more_time_than_there_is_gets_no_message(after: str) -> None:
    with connected("slack") as (door, standin, clock):
        standin.trouble = [(429, {"Retry-After": after}, {})]
        with pytest.raises(Unsent, match=f"wait for {after} s"):
            run(door.post(SLACK, DONE))
        assert clock.slept == []


@pytest.mark.parametrize("after", ["-5", "nan", "inf", "soon", ""])
def test_a_time_that_is_none_is_not_waited_for(after: str) -> None:
    with connected("slack") as (door, standin, clock):
        standin.trouble = [(429, {"Retry-After": after}, {})]
        run(door.post(SLACK, DONE))
        assert clock.slept == [0.3]


def test_a_limit_that_does_not_end_is_given_up() -> None:
    with connected("discord") as (door, standin, clock):
        standin.trouble = [(429, {"Retry-After": "9"}, {})] * 4
        with pytest.raises(Unsent, match="limits"):
            run(door.post(DISCORD, DONE))
        assert sum(clock.slept) <= PATIENCE


def test_a_message_that_may_have_been_written_is_not_written_again_but_an_edit_is() -> None:
    with connected("slack") as (door, standin, _):
        standin.trouble = [502]
        with pytest.raises(Unsent, match="HTTP 502"):
            run(door.post(SLACK, DONE))
        assert len(standin.calls) == 1
        posted = run(door.post(SLACK, DONE))
        standin.trouble = [502, 503]
        assert run(door.edit(SLACK, posted, DONE)).handle == posted.handle
        assert len(standin.messages) == 1


@pytest.mark.parametrize(("platform", "place"), [("discord", DISCORD), ("feishu", Place("feishu", "oc_ops"))])
def test_a_message_whose_answer_was_lost_is_written_once_where_it_has_a_name(platform: Platform, place: Place) -> None:
    with connected(platform) as (door, standin, _):
        standin.trouble = ["lost"] if platform == "discord" else [(503, {}, {}), "lost", "lost"]
        run(door.post(place, DONE))
        assert len(standin.messages if platform == "discord" else standin.cards) == 1


def test_a_redirect_is_not_followed_with_a_token() -> None:
    with connected("slack") as (door, standin, _):
        standin.trouble = [(302, {"Location": f"{standin.url}/api/chat.update"}, {})]
        with pytest.raises(Unsent, match="redirects"):
            run(door.post(SLACK, DONE))
        assert standin.calls == ["POST /api/chat.postMessage"]


def test_a_platform_that_is_down_is_named_by_its_host_alone() -> None:
    clock = Clock()
    sender = Sender("Slack", sleep=clock.sleep, clock=clock)

    async def sent() -> Any:
        return await sender.send("POST", "http://127.0.0.1:1/hooks/secret-token", {}, {"Authorization": "Bearer t0p"})

    with pytest.raises(Unsent, match=r"^Slack cannot be reached at 127\.0\.0\.1$"):
        run(sent())
    assert clock.slept == [0.3, 1.0, 3.0]


def test_answers_that_are_no_json_are_no_crash() -> None:
    with connected("slack") as (door, standin, _):
        troubles: list[Any] = [(200, {}, None), (200, {}, []), (200, {}, "ok"), (404, {}, {})]
        for trouble in troubles:
            standin.trouble = [trouble]
            with pytest.raises(Unsent):
                run(door.post(SLACK, DONE))


def test_one_connection_serves_several_messages_and_each_event_loop_has_its_own() -> None:
    with connected("slack") as (door, standin, _):

        async def several() -> None:
            for _ in range(3):
                await door.post(SLACK, DONE)

        run(several())
        run(several())
        assert len(standin.messages) == 6
        run(door.close())
        run(door.post(SLACK, DONE))
