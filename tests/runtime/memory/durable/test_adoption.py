"""Who goes on with a run whose process died: one, and only if it died."""

import time
from pathlib import Path
from typing import Any

import pytest

from mooring.runtime.memory.durable.adoption import MOST
from mooring.runtime.memory.durable.executors import Executors
from tests.runtime.memory.durable.fleet import LADDER, durable_release


@pytest.mark.slow
def test_a_killed_slots_run_goes_on_in_the_other_within_three_seconds(fleet: Any, provider: Any, until: Any) -> None:
    green, blue = fleet.slot("green"), fleet.slot("blue")
    provider.charge_delay = 0.5
    run = blue.start("resumed")
    until(lambda: len(provider.times) > 1)
    provider.charge_delay = 0.0
    blue.kill()
    killed = time.monotonic()
    assert green.ended(run)["status"] == "done"
    resumed = next(moment for moment in provider.times if moment > killed)
    assert resumed - killed < 3


@pytest.mark.slow
def test_of_two_that_find_a_dead_process_one_adopts(fleet: Any, provider: Any, database: str | None) -> None:
    others = [fleet.slot("green", database=database) for _ in range(2)]
    blue = fleet.slot("blue", adopts=False, database=database)
    provider.delay = 0.2
    runs = [blue.start(f"raced-{number}") for number in range(6)]
    blue.kill()
    for number, run in enumerate(runs):
        ended = others[number % 2].ended(run)
        assert (ended["status"], ended["resumed"]) == ("done", 1)
        assert provider.charged(f"raced-{number}") == 6
        assert sum(provider.asked(f"raced-{number}").values()) <= 4


@pytest.mark.slow
def test_a_living_processs_run_is_left_alone(fleet: Any, provider: Any) -> None:
    blue, green = fleet.slot("blue"), fleet.slot("green")
    provider.delay = 0.4
    run = blue.start("alive")
    assert green.run(run)["status"] == "running"
    ended = green.ended(run)
    assert (ended["slot"], ended["resumed"]) == ("blue", 0)
    assert set(provider.asked("alive").values()) == {1}


@pytest.mark.slow
def test_a_run_that_kills_its_processes_is_given_up_and_takes_no_other_with_it(
    fleet: Any, provider: Any, until: Any
) -> None:
    reconciler = fleet.slot("green", adopts=False)
    provider.delay = 0.3
    blue = fleet.slot("blue", kills="poison")
    innocent, poison = blue.start("innocent"), blue.start("poison")
    for _ in range(4):
        until(lambda blue=blue: blue.dead)
        blue = fleet.slot("blue", kills="poison")
    until(lambda: reconciler.run(poison)["status"] == "failed")
    crashed, well = reconciler.run(poison), reconciler.ended(innocent)
    assert (crashed["error"]["code"], crashed["resumed"]) == ("run_crashed", 3)
    assert (well["status"], well["resumed"] <= 2) == ("done", True)
    assert not blue.dead


@pytest.mark.slow
def test_a_slot_that_is_stopped_leaves_its_runs_to_the_other(fleet: Any, provider: Any) -> None:
    blue, green = fleet.slot("blue"), fleet.slot("green")
    provider.delay = 0.5
    run = blue.start("left")
    blue.terminate()
    ended = green.ended(run)
    assert (ended["status"], ended["slot"]) == ("done", "green")


@pytest.mark.slow
def test_a_run_that_outlives_many_slots_is_not_given_up(fleet: Any, provider: Any, until: Any) -> None:
    """More of them than may die of it. The model answers only in the last."""
    rung = {"tries": 1, "timeoutSeconds": 50}
    release = durable_release(deadlineSeconds=60, ladder=LADDER | {"rungs": {"L0": rung}})
    slot, provider.delay = fleet.slot("blue", release=release), 50.0
    run = slot.start("long")
    for times in range(MOST + 2):
        after = fleet.slot("green" if slot.name == "blue" else "blue", release=release)
        provider.delay = 0.0 if times == MOST + 1 else 50.0
        slot.terminate()
        until(lambda after=after, times=times: after.run(run).get("resumed") == times + 1)
        slot = after
    assert slot.ended(run)["status"] == "done"


def test_the_dead_are_told_from_the_living(tmp_path: Path) -> None:
    here, there = Executors(tmp_path), Executors(tmp_path)
    mine, other = here.enrol("blue"), there.enrol("green")
    assert mine.startswith(f"blue-{there.home}-")
    assert here.others() == [other]
    with here.dead(other) as dead:
        assert not dead
    there.leave()
    with here.dead(other) as dead, Executors(tmp_path).dead(other) as also:
        assert dead
        assert not also
    here.bury(other)
    assert here.others() == []
    with here.dead(other) as dead:
        assert not dead


def test_a_lock_is_taken_again_where_its_folder_was_removed(tmp_path: Path) -> None:
    here = Executors(tmp_path / "state")
    name = here.enrol("blue")
    (tmp_path / "state").rename(tmp_path / "away")
    assert not Executors(tmp_path / "state").known(name)
    here.stay()
    there = Executors(tmp_path / "state")
    assert there.known(name)
    with there.dead(name) as dead:
        assert not dead
