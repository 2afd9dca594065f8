"""The last word on drift is the ledger's, and the scheduled job's where the ledger has nothing to note."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.recent import looked, recent
from mooring.rollout import notes
from mooring.rollout.ledger import Ledger
from mooring.rollout.notes import Noted
from mooring.rollout.state import Kind, Passed, Requested, State
from mooring.state.place.location import Location

JOB = {"job": "drift", "ran": 90.0, "outcome": "success"}
NEVER = {"job": "drift", "ran": None, "outcome": None}


@pytest.fixture
def ledger(tmp_path: Path, database_url: str) -> Iterator[Ledger]:
    """On each engine."""
    if database_url.startswith("sqlite"):
        opened = Ledger(Location(tmp_path, "local"))
    else:
        opened = Ledger(Location(tmp_path, "local", "env:LEDGER_URL"), {"LEDGER_URL": database_url})
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("known", "job", "told"),
    [
        (None, None, None),
        (None, NEVER, None),
        (None, JOB, {"checked": 90.0, "fields": []}),
        (None, JOB | {"outcome": "failure"}, None),
        ({"checked": 50.0, "fields": ["a"]}, JOB | {"outcome": "failure"}, {"checked": 90.0, "fields": ["a"]}),
        ({"checked": 99.0, "fields": ["a"]}, JOB, {"checked": 99.0, "fields": ["a"]}),
        ({"checked": 50.0, "fields": []}, None, {"checked": 50.0, "fields": []}),
    ],
)
def test_both_words_together_say_when_it_was_looked_for(known: Any, job: Any, told: Any) -> None:
    assert looked(known, [job] if job else []) == told


def test_drift_is_found_however_many_entries_ago_it_was_noted(ledger: Ledger) -> None:
    assert recent(ledger, "local", {}) == {"deployments": [], "drift": None, "commits": {}}
    assert notes.note(ledger, "local", "bot", Noted(5.0, notes.SEEN, ("b", "a")))
    for number in range(200):
        ledger.append("local", 1, "ann", Passed(float(number)), State())
    assert recent(ledger, "local", {})["drift"] == {"checked": 5.0, "fields": ["a", "b"]}
    assert notes.note(ledger, "local", "bot", Noted(9.0, notes.HEALED, ("a",)))
    assert notes.note(ledger, "local", "bot", Noted(10.0, notes.SEEN, ()))
    assert recent(ledger, "local", {})["drift"] == {"checked": 10.0, "fields": []}


def test_what_was_read_once_is_told_again_with_what_came_since(ledger: Ledger) -> None:
    assert ledger.noted("local") == []
    for number in range(3):
        assert notes.note(ledger, "local", "bot", Noted(float(number), notes.SEEN, (str(number),)))
        assert [entry.at for entry in ledger.noted("local", most=2)] == [float(n) for n in range(number, -1, -1)][:2]
    assert ledger.noted("staging") == []


def test_each_slot_has_the_commit_of_its_release_however_long_ago_that_was_deployed(ledger: Ledger) -> None:
    ledger.append("local", 1, "ann", Requested(1.0, Kind.DEPLOY, "sha256:a", commit="c0ffee"), State())
    for number in range(150):
        ledger.append("local", 1, "ann", Passed(float(number)), State())
    slots = {"blue": {"digest": "sha256:a"}, "green": {"digest": None}}
    assert recent(ledger, "local", slots)["commits"] == {"blue": "c0ffee", "green": None}
