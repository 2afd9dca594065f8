"""A rollback by chat says before what it would do, does what `moor rollback` does, and loses nothing."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.chat.answer import Stage
from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from tests.chat.actions.conftest import facts

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def test_a_rollback_names_both_releases_goes_back_under_load_and_says_what_became_of_the_requests(
    room: Any, release: Make
) -> None:
    asked = room.asked("deploy rollback")
    assert asked.answer.stage is Stage.ASKS
    assert asked.answer.title.startswith("Roll back local: ")
    before, after = (release(name).digest for name in ("two", "one"))
    assert facts(asked.answer)["From"] == f"{before[7:19]} (Answers are shorter)"
    assert facts(asked.answer)["To"] == f"{after[7:19]} (The first release)"
    assert room.house.ledger.state("local").live.digest == before
    assert room.asked("deploy rollback").digest == asked.digest
    assert room.asked("deploy rollback", "zh-CN").digest == asked.digest

    answers = []
    load = room.under_load(lambda: answers.append(room.said("deploy rollback")))
    [answer] = answers
    assert load.errors == []
    assert (answer.stage, answer.who) == (Stage.DONE, "alice")
    assert answer.title == f"local is back on {after[7:19]} (The first release)"
    assert facts(answer)["Requests"].startswith("0 of ")
    assert room.house.ask()["digest"] == after
    state = room.house.ledger.state("local")
    assert (state.live.digest, state.quarantined) == (after, before)
    branch = f"mooring/revert-{before[7:19]}"
    assert facts(answer)["Git"] == f"branch {branch} holds the revert"
    assert room.git("show", f"{branch}:configs/release.yaml") == after
    assert {entry.actor for entry in room.house.ledger.entries(5)} == {"alice@slack"}
    assert room.told[-2:][0] == "switching back"

    # there is nothing left to go back to, and the question says so as the command does
    with pytest.raises(Refused) as refused:
        room.asked("deploy rollback")
    assert refused.value.reason is Reason.NO_STANDBY


def test_what_was_asked_is_no_longer_what_would_be_done_once_another_release_is_live(room: Any, release: Make) -> None:
    room.deploy(release("three"), "A third one")
    first = room.asked("deploy rollback").digest
    room.deploy(release("four"), "A fourth one")
    second = room.asked("deploy rollback", "zh-CN")
    assert second.digest != first
    assert second.answer.title.startswith("回滚 local：")
    assert second.answer.language == "zh-CN"
    room.said("deploy rollback", "zh-CN", person="bob")
