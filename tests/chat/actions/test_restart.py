"""Restarting an agent loses none of the requests that its slot serves."""

from typing import Any

import pytest

from mooring.errors import UsageError
from tests.chat.actions.conftest import facts

pytestmark = pytest.mark.slow


def test_an_agent_is_restarted_under_load_and_nothing_is_lost(room: Any) -> None:
    name = next(iter(room.house.local.live().content.agents))
    slot = room.house.live
    before = room.house.local.facts().slots[slot].pid
    answers = []
    load = room.under_load(lambda: answers.append(room.said("agent restart", id=name)))
    [answer] = answers
    assert load.errors == []
    assert len(load.answers) > 16
    after = room.house.local.facts()
    assert (after.live.slot, after.slots[slot].ready) == (slot, True)
    assert after.slots[slot].pid != before
    assert facts(answer)["Requests"].startswith("0 of ")
    assert {one["digest"] for one in load.answers} == {after.live.digest}


def test_what_is_no_agent_restarts_nothing(room: Any) -> None:
    before = room.house.local.facts().slots[room.house.live].pid
    with pytest.raises(UsageError, match="no agent 'blue' runs in local"):
        room.said("agent restart", id="blue")
    assert room.house.local.facts().slots[room.house.live].pid == before
