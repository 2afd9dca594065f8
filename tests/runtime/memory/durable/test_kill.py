"""A process that is killed at any point of a run: the run goes on from there, in the same slot or in the other."""

import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release

pytestmark = pytest.mark.slow

POINTS = range(1, 19)
"""Three answers of the model and three calls of a tool, each before it is begun, when it is done, and written down."""

TOGETHER = range(4, 10)
"""Points at which two calls of a tool are under way."""

LAST = POINTS[-1]
"""When the last answer has come, which is written down with the end of its run."""

AT_ONCE = 6
"""Processes that are killed under the eyes of one other."""


def test_a_run_ends_well_wherever_its_process_is_killed(fleet: Any, provider: Any, database: str | None) -> None:
    def doomed(first: int) -> list[Any]:
        some = POINTS[first : first + AT_ONCE]
        return [fleet.order("blue", database=database, die=point, adopts=False) for point in some]

    green, orders = fleet.slot("green", database=database), doomed(0)
    for first in range(0, len(POINTS), AT_ONCE):
        blues = {point: fleet.arrived(order) for point, order in zip(POINTS[first:], orders, strict=False)}
        runs = {point: blue.start(f"at-{point}") for point, blue in blues.items()}
        orders = doomed(first + AT_ONCE)
        for point, run in runs.items():
            ended = green.ended(run)
            assert blues[point].dead
            assert (ended["slot"], ended["resumed"]) == ("green", 1)
            _ended_well(f"at-{point}", ended)
            _nothing_is_done_twice(provider, f"at-{point}", ended, point)


@pytest.mark.parametrize("point", [2, 6, 11])
def test_a_slot_that_comes_back_goes_on_with_what_it_left(fleet: Any, provider: Any, point: int) -> None:
    about = f"again-{point}"
    run = fleet.slot("blue", die=point).start(about)
    blue = fleet.slot("blue")
    ended = blue.ended(run)
    assert (ended["slot"], ended["resumed"]) == ("blue", 1)
    _ended_well(about, ended)
    _nothing_is_done_twice(provider, about, ended, point)


def test_a_run_goes_on_in_the_release_it_began_with(fleet: Any, make_release: Any) -> None:
    old, new = make_release(), make_release(deadlineSeconds=9)
    run = fleet.slot("blue", release=old, die=3, adopts=False).start("released")
    ended = fleet.slot("green", release=new).ended(run)
    assert (ended["status"], ended["release"], ended["slot"]) == ("done", old.digest, "green")


def test_a_run_whose_release_is_gone_ends_and_says_so(fleet: Any, make_release: Any) -> None:
    old, new = make_release(), make_release(deadlineSeconds=9)
    run = fleet.slot("blue", release=old, die=3, adopts=False).start("released")
    fleet.releases.put(old).unlink()
    with closing(sqlite3.connect(fleet.state / "state.db")) as database, database:
        database.execute("delete from releases where digest = ?", (old.digest,))
    ended = fleet.slot("green", release=new).ended(run)
    assert (ended["status"], ended["error"]["code"]) == ("failed", "release_unavailable")


def test_the_last_answer_of_a_conversation_is_not_asked_for_again(fleet: Any, provider: Any) -> None:
    """The conversation may hold it already, and another one would contradict that."""
    blue = fleet.slot("blue", die=LAST, adopts=False)
    answer = blue.http.post("/agents/support/runs", json={"message": "spoken", "conversation": "talk-1"})
    assert answer.status_code == 202, answer.text
    green = fleet.slot("green")
    ended = green.ended(answer.json()["id"])
    assert (ended["status"], ended["answer"]) == ("done", "spoken: all is done")
    assert provider.asked("spoken") == {0: 1, 1: 1, 2: 1}
    talk = green.http.get("/conversations/talk-1").json()
    assert (talk["turns"], "spoken: all is done" in str(talk)) == (1, True)


def test_what_was_done_before_is_told_from_what_was_done_again(fleet: Any) -> None:
    run = fleet.slot("blue", die=12, adopts=False).start("told")
    calls = fleet.slot("green").ended(run)["tool_calls"]
    assert [call["replayed"] for call in calls] == [True, True, False]
    assert all(call["key"].startswith(f"{run}-") for call in calls)


def _ended_well(about: str, ended: dict[str, Any]) -> None:
    assert (ended["status"], ended["answer"]) == ("done", f"{about}: all is done"), ended
    assert [call["outcome"] for call in ended["tool_calls"]] == ["done"] * 3
    assert ended["usage"] == {"input_tokens": 30, "output_tokens": 6}


def _nothing_is_done_twice(provider: Any, about: str, ended: dict[str, Any], point: int) -> None:
    """Only what was not written down yet is asked again, and a service that knows keys charges once."""
    asked, keys = provider.asked(about), provider.keys(about)
    assert asked.keys() == {0, 1, 2}
    assert (provider.charged(about), len(keys)) == (6, 3)
    assert {call["key"] for call in ended["tool_calls"]} == set(keys)
    again = sum(asked.values()) + sum(keys.values()) - 6
    unwritten = point % 3 == 2 or point == LAST
    assert again <= 2 if point in TOGETHER else again == unwritten, (point, asked, keys)


@pytest.mark.parametrize("point", [3, 9, 14])
def test_a_run_goes_on_at_a_rung_with_a_prompt_of_its_own(
    fleet: Any, provider: Any, make_release: Any, point: int
) -> None:
    data = make_release().content.model_dump(mode="json")
    terse = json.loads(json.dumps(data["prompts"]["support"])) | {"name": "terse"}
    terse["messages"][0]["content"] = "Short answers."
    data["prompts"]["terse"] = terse
    data["agents"]["support"]["models"]["L0"] = {"model": "primary", "prompt": "terse", "tools": ["refund-order"]}
    release = Release.of(ReleaseContent.model_validate(data))
    run = fleet.slot("blue", release=release, die=point, adopts=False).start(f"terse-{point}")
    ended = fleet.slot("green", release=release).ended(run)
    assert (ended["slot"], ended["resumed"], ended["rung"]) == ("green", 1, "L0")
    _ended_well(f"terse-{point}", ended)
    assert provider.systems == {"Short answers."}
