"""What every adapter does with what arrives: only what was signed with the secret, lately, and whole is read."""

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mooring.chat.platforms.platform import Incoming
from mooring.chat.platforms.signing import LONGEST, WINDOW
from mooring.chat.said import Ignored, Said, Unverified
from mooring.spec.chat import PLATFORMS, Platform
from tests.chat.platforms.answers import NOW
from tests.chat.platforms.doors import STANDINS, adapter_of
from tests.chat.standins import discord, feishu, github, slack

SIGNATURES = {
    "slack": "x-slack-signature",
    "feishu": "x-lark-signature",
    "discord": "x-signature-ed25519",
    "github": "x-hub-signature-256",
}
STAMPED: tuple[Platform, ...] = ("slack", "feishu", "discord")

every = pytest.mark.parametrize("platform", PLATFORMS)
every_stamped = pytest.mark.parametrize("platform", STAMPED)


def said(platform: str) -> Incoming:
    """`/agent restart concierge` as the platform sends it."""
    return said_twice(platform)[0]


def said_twice(platform: str) -> list[Incoming]:
    """By one person, one after the other."""
    standin: Any = STANDINS[platform]()
    line = "/agent restart concierge"
    with standin:
        match platform:
            case "slack":
                return [standin.slash(line, NOW) for _ in range(2)]
            case "feishu":
                return [standin.message(line, NOW) for _ in range(2)]
            case "discord":
                return [standin.command("agent", discord.sub("restart", id="concierge"), NOW) for _ in range(2)]
        return [standin.comment(line, NOW) for _ in range(2)]


def other_key(platform: str, body: bytes) -> Incoming:
    match platform:
        case "slack":
            return slack.signed(body, NOW, form=True, secret="another")
        case "feishu":
            return feishu.signed(body, NOW, key="another")
        case "discord":
            return discord.signed(body, NOW, Ed25519PrivateKey.generate())
    return github.signed(json.loads(body), secret="another")


def resigned(platform: str, body: bytes) -> Incoming:
    """Any bytes, signed as they should be."""
    match platform:
        case "slack":
            return slack.signed(body, NOW)
        case "feishu":
            return feishu.signed(body, NOW)
        case "discord":
            return discord.signed(body, NOW)
    return github.signed(body)


@every
def test_the_same_words_are_heard_from_every_platform(platform: Platform) -> None:
    received = adapter_of(platform).receive(said(platform), NOW)
    assert isinstance(received, Said)
    assert received.text == "/agent restart concierge"
    assert received.caller.platform == received.place.platform == platform
    assert json.loads(json.dumps(dict(received.reply))) == received.reply


@every
def test_the_same_request_is_the_same_event_however_often_it_comes(platform: Platform) -> None:
    request, adapter = said(platform), adapter_of(platform)
    first, again = adapter.receive(request, NOW), adapter.receive(request, NOW + 5)
    assert isinstance(first, Said)
    assert isinstance(again, Said)
    assert first.event == again.event


@every
def test_the_same_words_said_twice_are_two_events(platform: Platform) -> None:
    adapter = adapter_of(platform)
    first, second = (adapter.receive(request, NOW) for request in said_twice(platform))
    assert isinstance(first, Said)
    assert isinstance(second, Said)
    assert first.text == second.text
    assert first.event != second.event


@every
def test_a_wrong_signature_is_refused(platform: Platform) -> None:
    request = said(platform)
    name = SIGNATURES[platform]
    right = request.headers[name]
    for wrong in (right[:-1] + ("0" if right[-1] != "0" else "1"), right[:-2], "v0=", "sha256=", "é", "zz"):
        with pytest.raises(Unverified):
            adapter_of(platform).receive(replace(request, headers={**request.headers, name: wrong}), NOW)


@every
def test_a_request_without_a_signature_is_refused(platform: Platform) -> None:
    request = said(platform)
    for missing in request.headers:
        if missing not in ("x-github-delivery", "content-type"):
            left = {name: value for name, value in request.headers.items() if name != missing}
            with pytest.raises(Unverified):
                adapter_of(platform).receive(replace(request, headers=left), NOW)


@every
def test_another_secret_signs_nothing(platform: Platform) -> None:
    with pytest.raises(Unverified):
        adapter_of(platform).receive(other_key(platform, said(platform).body), NOW)


@every
def test_a_body_that_was_cut_or_changed_is_refused(platform: Platform) -> None:
    request = said(platform)
    for body in (request.body[:-1], request.body[: len(request.body) // 2], b"", request.body + b" "):
        with pytest.raises(Unverified):
            adapter_of(platform).receive(replace(request, body=body), NOW)


@every_stamped
@pytest.mark.parametrize("seconds", [WINDOW + 1, -WINDOW - 1, 86400.0, -86400.0])
def test_an_old_request_and_one_from_the_future_are_refused(platform: Platform, seconds: float) -> None:
    request = said(platform)
    with pytest.raises(Unverified, match=r"old|ahead"):
        adapter_of(platform).receive(request, NOW + seconds)


@every_stamped
def test_a_request_is_good_for_as_long_as_clocks_may_differ(platform: Platform) -> None:
    request = said(platform)
    for seconds in (WINDOW, -WINDOW):
        assert isinstance(adapter_of(platform).receive(request, NOW + seconds), Said)


@every_stamped
@pytest.mark.parametrize("stamp", ["", "now", "1e9", "-1", "\uff19", "1" * 13, "0x1", "1800000000.0"])
def test_a_timestamp_is_a_number_of_seconds(platform: Platform, stamp: str) -> None:
    request = said(platform)
    name = next(name for name in request.headers if name.endswith("timestamp"))
    with pytest.raises(Unverified):
        adapter_of(platform).receive(replace(request, headers={**request.headers, name: stamp}), NOW)


@every
def test_a_huge_body_is_refused_before_it_is_read(platform: Platform) -> None:
    with pytest.raises(Unverified, match="KiB"):
        adapter_of(platform).receive(replace(said(platform), body=b"x" * (LONGEST + 1)), NOW)


@every
@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"",
        b"[]",
        b"null",
        b"{",
        b'{"type": ' * 3000,
        b"[" * 100000,
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":"\\ud800"}',
        b"{}",
    ],
)
def test_signed_nonsense_is_no_crash(platform: Platform, body: bytes) -> None:
    try:
        received = adapter_of(platform).receive(resigned(platform, body), NOW)
    except (ValueError, Unverified):
        return
    assert isinstance(received, Ignored)
