"""What is promised is measured over weeks, by samples of every machine, whatever begins anew in between."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring import metrics as names
from mooring.operate.objectives.standing import DAY_SECONDS, POINTS, standings
from mooring.operate.samples import MINUTE, Reading, Readings, needed, packed, read, reduced
from mooring.spec import Objectives
from mooring.state.place.address import url_of
from mooring.state.records import samples
from mooring.state.records.samples import Sample
from mooring.state.transactions import Transactions

ANSWERED = (f"{names.REQUESTS}_total", (("end", "answered"),))
FAILED = (f"{names.REQUESTS}_total", (("end", "failed"),))
PROMISED = Objectives.model_validate(
    {
        "apiVersion": "mooring/v1", "kind": "Objectives", "name": "promises", "version": "1.0.0",
        "description": "What is promised.", "owner": "@desk/desk",
        "objectives": [
            {"name": "uptime", "signal": "uptime", "atLeast": 0.99, "window": "1d", "minEvents": 10},
            {"name": "memory", "signal": "memory", "atMost": 0.8, "window": "1d"},
        ],
    }
)  # fmt: skip


def totals(answered: float, failed: float, up: float = 1, ticks: float = 1) -> dict[Any, float]:
    return {
        ANSWERED: answered,
        FAILED: failed,
        (f"{names.UP}_ticks", ()): ticks,
        (f"{names.UP}_rises", ()): up,
        (names.MEMORY, (("slot", "blue"), ("worker", "1"))): 0.5,
        ("mooring_other_total", ()): 7,
    }


def reading(machine: str, minute: int, answered: float, failed: float = 0, **more: float) -> Reading:
    wanted = needed(PROMISED)
    data = packed(reduced(totals(answered, failed, **more), wanted), wanted)
    return read([Sample(machine, minute, json.dumps(data))])[0]


def test_only_what_is_needed_is_kept_and_added_up_over_the_rest() -> None:
    by_slot: dict[Any, float] = {
        (f"{names.REQUESTS}_total", (("end", "answered"), ("slot", slot))): 3.0 for slot in ("blue", "green")
    }
    found = reduced({**by_slot, ("mooring_other_total", ()): 9.0}, needed(None))
    assert found == {(f"{names.REQUESTS}_total", frozenset({("end", "answered")})): 6.0}


def test_a_window_is_what_all_machines_counted_between_its_ends() -> None:
    found = Readings(
        [reading("a", 0, 100), reading("b", 0, 50), reading("a", 10, 160), reading("b", 10, 70), reading("a", 20, 999)]
    )
    window = found.window(0, 10 * MINUTE)
    assert window.increase(f"{names.REQUESTS}_total", end="answered") == 80
    assert window.seconds == 10 * MINUTE


def test_a_machine_that_begins_anew_counts_from_nothing() -> None:
    found = Readings([reading("a", 0, 100), reading("a", 10, 30)])
    assert found.window(0, 10 * MINUTE).increase(f"{names.REQUESTS}_total", end="answered") == 30


def test_a_window_without_readings_has_nothing_in_it() -> None:
    window = Readings([reading("a", 0, 100)]).window(5 * MINUTE, 10 * MINUTE)
    assert (window.seconds, window.increase(f"{names.REQUESTS}_total")) == (0, 0)


def test_samples_from_before_a_metric_was_kept_are_no_beginning_for_it() -> None:
    old = Reading("a", 0, frozenset({"mooring_other_total"}), dict)
    found = Readings([old, reading("a", 10, 100), reading("a", 20, 130)]).covering(needed(PROMISED))
    assert found.window(0, 20 * MINUTE).increase(f"{names.REQUESTS}_total", end="answered") == 30


def test_promises_stand_as_they_were_kept() -> None:
    day = 1440
    found = [
        reading("a", minute, minute * 10, max(0, minute - 1400), up=minute, ticks=minute)
        for minute in range(0, day + 1, 5)
    ]
    uptime, memory = standings(PROMISED, Readings(found), day * MINUTE)
    assert (uptime["holds"], round(uptime["value"], 4)) == (True, 0.9972)
    assert round(uptime["budget"], 2) == 0.72
    assert len(uptime["sparkline"]) == 48
    assert uptime["sparkline"][0] == 1
    assert uptime["sparkline"][-1] < 0.95, "what failed, failed in the end"
    assert (memory["value"], memory["holds"]) == (0.5, True)


def test_memory_is_the_mean_of_the_fullest_process_over_its_window() -> None:
    def at(machine: str, minute: int, level: float) -> Reading:
        found = reading(machine, minute, 0)
        memory = next(iter(found.totals[names.MEMORY]))
        return Reading(
            machine, found.at, found.covered, lambda: {(names.MEMORY, memory[1] - {("machine", machine)}): level}
        )

    levels = [at("a", 0, 0.99), at("a", 1, 0.6), at("a", 2, 0.9), at("b", 0, 0.1), at("b", 2, 0.5)]
    assert Readings(levels).window(0, 2 * MINUTE).levels(names.MEMORY) == [0.75, 0.5]


def test_of_samples_between_the_ends_of_windows_only_the_beginning_is_read() -> None:
    wanted, step = needed(PROMISED), DAY_SECONDS // POINTS // MINUTE
    found = []
    for minute in range(1441):
        data = packed(reduced(totals(minute * 10, 0, up=minute, ticks=minute), wanted), wanted)
        text = json.dumps(data, separators=(",", ":"))
        found.append(
            Sample("a", minute, text if minute % step == 0 else text.partition(',"totals":')[0] + ',"totals":')
        )
    uptime, memory = standings(PROMISED, Readings(read(found)), DAY_SECONDS)
    assert (uptime["value"], uptime["events"], memory["value"]) == (1, 14400, 0.5)
    assert uptime["sparkline"] == [1] * POINTS


def test_a_time_in_which_nobody_could_get_in_counts_against_uptime() -> None:
    found = [reading("a", 0, 0, up=0, ticks=0), reading("a", 720, 1000, up=360, ticks=720)]
    [uptime, _memory] = standings(PROMISED, Readings(found), 720 * MINUTE)
    assert (uptime["value"], uptime["holds"], uptime["budget"]) == (0.5, False, 0)


def test_too_little_says_nothing() -> None:
    found = [reading("a", 0, 0, up=0, ticks=0), reading("a", 1, 3, up=0, ticks=0)]
    [uptime, _memory] = standings(PROMISED, Readings(found), MINUTE)
    assert (uptime["holds"], uptime["budget"]) == (None, None)


def put(database: Transactions, machine: str, minute: int, data: dict[str, Any]) -> None:
    database.write(lambda connection: samples.put(connection, machine, minute, data))


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Transactions]:
    opened = Transactions(url_of(tmp_path, None, "local"), tmp_path)
    yield opened
    opened.close()


def test_what_lies_back_is_kept_less_often_and_in_the_end_not_at_all(database: Transactions) -> None:
    now = 30_000_000 - 30_000_000 % 60
    ages = (0, 1, 359, 363, 365, 4300, 4320, 4380, 4385, samples.KEEP_MINUTES, samples.KEEP_MINUTES + 60)
    for age in ages:
        put(database, "a", now - age, {"age": age})
    database.write(lambda connection: samples.thin(connection, now))
    kept = database.read(lambda connection: samples.since(connection, 0))
    assert [sample.data["age"] for sample in kept] == [samples.KEEP_MINUTES, 4380, 4320, 4300, 365, 359, 1, 0]


def test_a_window_begins_with_the_last_sample_before_it(database: Transactions) -> None:
    for machine, minute in (("a", 10), ("a", 20), ("b", 5), ("b", 30), ("a", 30)):
        put(database, machine, minute, {})
    found = database.read(lambda connection: samples.since(connection, 25))
    assert [(sample.machine, sample.minute) for sample in found] == [("b", 5), ("a", 20), ("a", 30), ("b", 30)]


def test_the_first_sample_of_a_minute_stays(database: Transactions) -> None:
    for value in (1, 2):
        put(database, "a", 7, {"value": value})
    assert [sample.data for sample in database.read(lambda connection: samples.since(connection, 0))] == [{"value": 1}]
