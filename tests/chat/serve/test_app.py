"""Whoever signs is heard, and whoever does not is told nothing."""

import logging
import time

import httpx2
import pytest

from mooring.chat.serve.app import LONGEST
from tests.chat.serve.conftest import House, quick, until
from tests.chat.standins import discord, feishu, github, slack

ROUTES = ("slack", "feishu", "discord", "github")


def test_a_signed_command_of_each_platform_is_acknowledged_and_answered_there(house: House) -> None:
    status = quick()
    with house.opened({"agent status": status}) as door:
        now = time.time()
        assert door.deliver("slack", house.slack.slash("/agent status", now)).status_code == 200
        assert door.deliver("feishu", house.feishu.message("/agent status", now)).status_code == 200
        pressed = house.discord.command("agent", discord.sub("status"), now)
        assert door.deliver("discord", pressed).json() == {"type": 5}
        assert door.deliver("github", house.github.comment("/agent status", now)).status_code == 202
        until(lambda: status.ran == 4)
        until(lambda: "agent status is done in local" in str(house.slack.messages))
        until(lambda: "agent status is done in local" in str(house.feishu.cards))
        until(lambda: "agent status is done in local" in str(house.discord.messages))
        until(lambda: "agent status is done in local" in str(house.github.written))
        until(lambda: door.recorded() == ["done"] * 4)


def test_what_asks_whether_this_is_the_door_is_answered(house: House) -> None:
    with house.opened({}) as door:
        assert door.deliver("discord", discord.ping(time.time())).json() == {"type": 1}
        assert door.deliver("feishu", feishu.verification()).json() == {"challenge": "ajls384kdj"}
        assert httpx2.get(f"{door.url}/livez").text == "ok\n"


@pytest.mark.parametrize("platform", ROUTES)
def test_what_nobody_signed_is_refused_and_leaves_a_count_but_no_content(
    house: House, platform: str, caplog: pytest.LogCaptureFixture
) -> None:
    with house.opened({}) as door, caplog.at_level(logging.INFO):
        for _ in range(3):
            answer = httpx2.post(f"{door.url}/{platform}", content=b'{"text": "/deploy rollback"}')
            assert (answer.status_code, answer.text) == (401, "not signed\n")
        assert door.door.refused.total == {platform: 3}
        door.door.refused.tell()
    assert "/deploy" not in caplog.text
    said = [line for line in caplog.messages if "refused" in line]
    assert len(said) == 2
    assert said[1] == f"refused 2 more requests to /{platform} that were not signed as they must be"


@pytest.mark.parametrize("platform", ROUTES)
def test_a_request_that_is_too_long_is_not_read(house: House, platform: str) -> None:
    with house.opened({}) as door:
        assert httpx2.post(f"{door.url}/{platform}", content=b"a" * (4 * LONGEST + 1)).status_code == 413
        pieces = (b"a" * 65536 for _ in range(17))
        assert httpx2.post(f"{door.url}/{platform}", content=pieces).status_code == 413


def test_only_what_is_connected_is_there(house: House) -> None:
    with house.opened({}, "slack") as door:
        assert door.deliver("github", house.github.comment("/help", time.time())).status_code == 404
        assert httpx2.post(f"{door.url}/telegram").status_code == 404
        assert httpx2.get(f"{door.url}/slack").status_code == 405


def test_a_signed_request_that_says_nothing_is_refused_in_a_word(house: House) -> None:
    with house.opened({}) as door:
        answer = door.deliver("slack", slack.signed(b"{", time.time()))
        assert (answer.status_code, answer.text) == (400, "cannot be read\n")
        assert door.deliver("github", github.signed({}, "push")).status_code == 200


def test_a_crash_shows_nothing_of_itself(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    with house.opened({}) as door:
        monkeypatch.setattr(door.door.desk, "_door", None)
        answer = door.deliver("slack", house.slack.slash("/help", time.time()))
        assert (answer.status_code, answer.text) == (500, "failed\n")


def test_where_nothing_can_be_written_down_the_platform_is_to_try_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = quick()
    with house.opened({"agent status": status}) as door:
        said = house.slack.slash("/agent status", time.time())
        with monkeypatch.context() as patch:
            patch.setattr(door.door.records, "database", lambda: None)
            assert door.deliver("slack", said).status_code == 503
        assert status.ran == 0
        assert door.deliver("slack", said).status_code == 200
        until(lambda: status.ran == 1)
