"""Events that are signed and unlike the documented ones are ignored or refused; none is a crash."""

import copy
import json
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mooring.chat.platforms.platform import Incoming
from mooring.chat.said import Clicked, Said, Unverified
from mooring.spec.chat import PLATFORMS, Platform
from tests.chat.platforms.answers import NOW
from tests.chat.platforms.doors import STANDINS, adapter_of
from tests.chat.standins import discord, feishu, github, slack

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.just([]), st.just({})
) | st.lists(st.integers(), min_size=1, max_size=2)


def events(platform: Platform) -> list[Any]:
    """As they are documented."""
    standin: Any = STANDINS[platform]()
    with standin:
        match platform:
            case "slack":
                pressed = parse_qs(standin.press("yes.abc", NOW).body.decode())["payload"][0]
                return [json.loads(standin.mention("/drift", NOW).body), json.loads(pressed)]
            case "feishu":
                from mooring.chat.platforms.feishu.envelope import opened

                said = (standin.message("/drift", NOW), standin.press("yes.abc", NOW))
                return [opened(each.body, feishu.KEY) for each in said]
            case "discord":
                made = (standin.command("deploy", discord.sub("lock", minutes=5), NOW), standin.press("mooring:a", NOW))
                return [json.loads(each.body) for each in made]
        return [json.loads(standin.comment("/drift", NOW).body)]


def signed(platform: Platform, event: Any) -> Incoming:
    match platform:
        case "slack" if event.get("type") == "block_actions" or "actions" in event:
            return slack.signed(urlencode({"payload": json.dumps(event)}).encode(), NOW, form=True)
        case "slack":
            return slack.signed(json.dumps(event).encode(), NOW)
        case "feishu":
            return feishu.signed(feishu.sealed(event), NOW)
        case "discord":
            return discord.signed(json.dumps(event).encode(), NOW)
    return github.signed(event)


def paths(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in data."""
    keys: Any = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [path for key in keys for path in ((*here, key), *paths(data[key], (*here, key)))]


@pytest.mark.slow
@pytest.mark.parametrize("platform", PLATFORMS)
@settings(max_examples=150)
@given(data=st.data())
def test_a_place_with_something_else_in_it_is_no_crash(platform: Platform, data: st.DataObject) -> None:
    event = copy.deepcopy(data.draw(st.sampled_from(events(platform))))
    *way, last = data.draw(st.sampled_from(paths(event)))
    at = event
    for key in way:
        at = at[key]
    at[last] = data.draw(ODD)
    try:
        received = adapter_of(platform).receive(signed(platform, event), NOW)
    except (ValueError, Unverified):
        return
    if isinstance(received, Said | Clicked):
        said = received.text if isinstance(received, Said) else received.token
        fields = (received.event, received.caller.id, received.caller.shown, received.place.channel)
        assert all(isinstance(text, str) for text in (*fields, received.place.thread, said))
