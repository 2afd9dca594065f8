"""A database that is locked, full, gone or stopped: answers go on, readiness says so, and nothing is lost for good."""

import json
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

SOON = 2.5
"""Seconds an answer may take when the database takes nothing: it waits a second for it, once."""


@pytest.fixture
def file(fleet: Any) -> Path:
    """Where SQLite is."""
    path: Path = fleet.state / "state.db"
    return path


class Locked:
    """Holds the one lock that SQLite has for writers."""

    def __init__(self, file: Path) -> None:
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=5)

    def __enter__(self) -> None:
        self._connection.execute("begin immediate")

    def __exit__(self, *_: object) -> None:
        self._connection.execute("rollback")
        self._connection.close()


def answers(slot: Any, *abouts: str) -> list[str]:
    """Asks one thing after the other; ids of the runs."""
    runs = []
    for about in abouts:
        began = time.monotonic()
        answer = slot.chat(about)
        assert time.monotonic() - began < SOON
        assert answer.json()["choices"][0]["message"]["content"] == f"{about}: all is done"
        runs.append(answer.headers["x-mooring-run"])
    return runs


def rows(file: Path) -> dict[str, str]:
    with sqlite3.connect(file, timeout=5) as database:
        return dict(database.execute("select run, status from parts"))


def steps(file: Path, run: str) -> list[str]:
    query = "select name from steps where run = ? order by number"
    with sqlite3.connect(file, timeout=5) as database:
        return [name.split(":")[0] for (name,) in database.execute(query, (run,))]


def calls(file: Path, run: str) -> list[str]:
    """What became of the tools' calls of a run that has ended."""
    with sqlite3.connect(file, timeout=5) as database:
        [(data,)] = database.execute("select data from parts where run = ?", (run,))
    return [call["outcome"] for call in json.loads(data)["tool_calls"]]


LONG = "in so many words " * 100
"""More than the free pages of the file hold."""

WHOLE = ["done", "done", "done"]


def limit(pages: Path, count: int) -> None:
    """SQLite's page limit from now on; a slot never finds the file half written, which no disk would do."""
    new = pages.with_suffix(".new")
    new.write_text(str(count))
    new.rename(pages)


def well_again(slot: Any, file: Path, runs: list[str], until: Any) -> None:
    """Everything is written after all, and the slot says that it is well."""
    until(lambda: slot.ready()["ready"])
    until(lambda: all(rows(file).get(run) == "done" for run in runs))
    assert {run: calls(file, run) for run in runs} == dict.fromkeys(runs, WHOLE)
    assert all(slot.run(run)["status"] == "done" for run in runs)


@pytest.mark.slow
def test_while_the_database_is_locked_answers_go_on(fleet: Any, file: Path, until: Any) -> None:
    slot = fleet.slot()
    with Locked(file):
        runs = answers(slot, "one", "two", "three")
        state = slot.ready()
        assert not state["ready"]
        assert "not written down" in str(state["reasons"])
        assert slot.run(runs[0])["status"] == "done"
    well_again(slot, file, runs, until)


@pytest.mark.slow
def test_while_the_disk_is_full_answers_go_on(fleet: Any, file: Path, until: Any, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    limit(pages, 100_000)
    slot = fleet.slot(pages=str(pages))
    before = answers(slot, "before")
    well_again(slot, file, before, until)
    limit(pages, 1)
    runs = answers(slot, *(f"full-{number} {LONG}" for number in range(9)))
    state = slot.ready()
    assert not state["ready"]
    assert "full" in str(state["reasons"])
    limit(pages, 100_000)
    well_again(slot, file, before + runs, until)


@pytest.mark.slow
def test_a_database_that_is_removed_is_made_anew(fleet: Any, file: Path, until: Any, provider: Any) -> None:
    slot = fleet.slot()
    answers(slot, "before")
    provider.charge_delay = 0.3
    run = slot.start("under-way")
    until(lambda: provider.asked("under-way"))
    for name in file.parent.glob("state.db*"):
        name.unlink()
    assert slot.ended(run)["status"] == "done"
    provider.charge_delay = 0.0
    well_again(slot, file, [run, *answers(slot, "after")], until)


def test_a_state_folder_that_is_removed_is_made_anew(fleet: Any, file: Path, until: Any) -> None:
    slot = fleet.slot()
    fleet.state.rename(fleet.state.with_name("away"))
    runs = answers(slot, "one", "two")
    well_again(slot, file, runs, until)


@pytest.mark.slow
def test_a_slot_starts_without_its_database(fleet: Any, make_release: Any, cluster: Any, until: Any) -> None:
    database = cluster.fresh()
    cluster.stop()
    try:
        slot = fleet.slot(database=database)
        assert not slot.ready()["ready"]
        runs = answers(slot, "one")
    finally:
        cluster.start()
    until(lambda: slot.ready()["ready"])
    until(lambda: slot.run(runs[0]).get("status") == "done")


@pytest.mark.slow
def test_while_postgresql_is_stopped_answers_go_on(fleet: Any, cluster: Any, until: Any) -> None:
    slot = fleet.slot(database=cluster.fresh())
    answers(slot, "before")
    cluster.stop()
    try:
        runs = answers(slot, "one", "two")
        assert not slot.ready()["ready"]
    finally:
        cluster.start()
    until(lambda: slot.ready()["ready"])
    green = fleet.slot("green", database=fleet.last_database)
    until(lambda: all(green.run(run).get("status") == "done" for run in runs))


@pytest.mark.slow
def test_while_postgresql_hangs_answers_go_on(fleet: Any, cluster: Any, until: Any) -> None:
    slot = fleet.slot(database=cluster.fresh())
    answers(slot, "before")
    cluster.pause()
    try:
        runs = answers(slot, "one", "two")
        assert not slot.ready()["ready"]
    finally:
        cluster.resume()
    until(lambda: slot.ready()["ready"])
    until(lambda: all(slot.run(run).get("status") == "done" for run in runs))


@pytest.mark.slow
def test_a_run_that_lagged_and_was_killed_goes_on_from_what_is_written(
    fleet: Any, file: Path, provider: Any, until: Any
) -> None:
    """What came after the gap is done again; a service that knows keys of its own would not charge again."""
    green = fleet.slot("green")
    blue = fleet.slot("blue", die=13, adopts=False)
    provider.charge_delay = 0.3
    run = blue.start("gap")
    until(lambda: steps(file, run) == ["model"])
    with Locked(file):
        until(lambda: blue.dead)
        assert steps(file, run) == ["model"]
    ended = green.ended(run)
    assert (ended["status"], ended["answer"]) == ("done", "gap: all is done")
    assert calls(file, run) == WHOLE
    assert provider.asked("gap")[0] == 1
    assert provider.asked("gap")[1] == 2
