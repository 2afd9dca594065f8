"""Runs are found by the beginning of their name, with checkpoints or without, on either database."""

from collections.abc import Iterator
from typing import Any

import pytest

from mooring.state.runs import checkpoints, lookup, queue, runs
from mooring.state.runs.checkpoints import Change
from mooring.state.runs.lookup import MOST, RunSeen
from mooring.state.runs.runs import StoredRun
from mooring.state.transactions import Transactions

RELEASE = "sha256:0"


class Kept:
    """A database with runs."""

    def __init__(self, url: str) -> None:
        self.database = Transactions(url)

    def plain(self, *names: str, **data: Any) -> None:
        for number, name in enumerate(names):
            run = StoredRun(name, "support", RELEASE, "blue", "done", 1.0, 2.0 + number, data)
            self.database.write(lambda connection, run=run: runs.put(connection, run))  # type: ignore[misc]

    def durable(self, name: str, **more: Any) -> None:
        asked = {"run": name, "part": 0, "tenant": "bank", "agent": "support", "release": RELEASE, "created": 1.0}
        change = Change(name, 0, 0, asked, **more)
        self.database.write(lambda connection: checkpoints.write(connection, "me", "green", [change], ()))

    def named(self, beginning: str) -> list[str]:
        return self.database.read(lambda connection: lookup.named(connection, beginning))

    def seen(self, run: str) -> RunSeen | None:
        return self.database.read(lambda connection: lookup.seen(connection, run))


@pytest.fixture
def kept(database_url: str) -> Iterator[Kept]:
    made = Kept(database_url)
    yield made
    made.database.close()


def test_the_beginning_of_a_name_finds_all_that_begin_so(kept: Kept) -> None:
    kept.plain("run_ab1", "run_ab2", "run_b")
    assert kept.named("run_ab") == ["run_ab1", "run_ab2"]
    assert kept.named("run_b") == ["run_b"]
    assert kept.named("run_c") == []


def test_a_whole_name_is_found_alone_although_others_begin_with_it(kept: Kept) -> None:
    kept.plain("run_a", "run_ab")
    assert kept.named("run_a") == ["run_a"]


@pytest.mark.parametrize("odd", ["%", "_", "run%", "run\\", "\0", "'; drop table runs; --", "x" * 5000])
def test_signs_that_a_search_knows_are_only_signs(kept: Kept, odd: str) -> None:
    kept.plain("run_a")
    assert kept.named(odd) == []


def test_no_more_than_some_are_told(kept: Kept) -> None:
    kept.plain(*(f"run_{number:02}" for number in range(MOST + 5)))
    assert len(kept.named("run_")) == MOST + 1


def test_a_run_without_checkpoints_is_as_it_was_written(kept: Kept) -> None:
    kept.plain("run_a", rung="L1")
    found = kept.seen("run_a")
    assert found is not None
    assert (found.slot, found.durable, found.data["rung"], found.parts) == ("blue", False, "L1", ())
    assert "data" not in found.head()
    assert kept.seen("run_b") is None


def test_a_run_with_checkpoints_tells_its_parts_and_who_went_on_with_it(kept: Kept) -> None:
    kept.durable("run_a")
    kept.database.write(lambda connection: queue.abandon(connection, "me", 3))
    found = kept.seen("run_a")
    assert found is not None
    assert (found.durable, found.status) == (True, "queued")
    assert [(part.part, part.slot, part.adopted, part.deaths) for part in found.parts] == [(0, "green", 1, 1)]


def test_a_run_under_way_tells_what_its_steps_have_recorded(kept: Kept) -> None:
    call = {"name": "find_order", "outcome": "done", "seconds": 0.1}
    steps = [("model:1", {"record": {"rung": "L0", "tool_calls": []}}), ("tool:1:a", {"ok": 1, "calls": [call]})]
    kept.durable("run_a", steps=steps)
    found = kept.seen("run_a")
    assert found is not None
    assert (found.status, found.data["rung"], found.data["tool_calls"]) == ("running", "L0", [call])
    assert found.data["tenant"] == "bank"


def test_the_end_of_a_run_is_what_its_last_part_wrote(kept: Kept) -> None:
    kept.durable("run_a", ended=StoredRun("run_a", "support", RELEASE, "green", "done", 1.0, 3.0, {"rung": "L2"}))
    found = kept.seen("run_a")
    assert found is not None
    assert (found.status, found.data) == ("done", {"rung": "L2"})


def test_the_newest_are_the_first_that_are_suggested(kept: Kept) -> None:
    kept.plain("run_a", "run_b", "run_c")
    assert kept.database.read(lambda connection: lookup.newest(connection, 2)) == ["run_c", "run_b"]
