"""Receipts of live drills in the ledger, and whether they are fresh enough."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.errors import Refused
from mooring.operate.entry import write
from mooring.operate.exercises.outcome import Check, Exercised
from mooring.operate.exercises.receipt import DAY, Drilled, missing, record, told
from mooring.operate.export.proof import Proved
from mooring.rollout import lease, logbook
from mooring.rollout.ledger import Ledger
from mooring.spec.environment import Exercise, Proof
from mooring.state.place.location import Location

WEEK: dict[Exercise, Proof] = {"crash": Proof(days=7)}
NOW = 1_800_000_000.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger(Location(tmp_path / "state", "local"))
    yield opened
    opened.close()


def drilled(ledger: Ledger, at: float, result: str = "held", exercise: str = "crash") -> None:
    event = Drilled(at, exercise, result, "7 kills", {"kills": 7}, (), 12.5, "sha256:a", "1", "sha256:b")
    write(ledger, "local", "ann", "note", event)


def due(ledger: Ledger, now: float = NOW) -> dict[str, str]:
    return dict(missing(ledger, "local", WEEK, now))


def test_a_receipt_says_what_was_drilled_with_what_by_whom(ledger: Ledger) -> None:
    found = Exercised("rollback", (Check("requests", "none is lost", "1 lost", False),), "1 lost", {"rto": 0.4})
    entry = record(ledger, "local", "ann", found, "sha256:a", 12.34)
    assert (entry.actor, entry.event["event"], entry.event["exercise"]) == ("ann", "drilled", "rollback")
    assert (entry.event["result"], entry.event["reasons"]) == ("broken", ["requests: 1 lost"])
    assert (entry.event["release"], entry.event["seconds"], entry.event["figures"]) == ("sha256:a", 12.3, {"rto": 0.4})
    assert entry.event["program"].startswith("sha256:")
    assert ledger.verify() == 1


def test_a_drill_that_never_ran_is_missing(ledger: Ledger) -> None:
    assert due(ledger) == {"crash": "it never ran"}
    drilled(ledger, NOW, exercise="slots")
    assert due(ledger) == {"crash": "it never ran"}


@pytest.mark.parametrize(("age", "fresh"), [(0, True), (6.9, True), (7.1, False)])
def test_a_receipt_counts_for_so_many_days(ledger: Ledger, age: float, fresh: bool) -> None:
    drilled(ledger, NOW - age * DAY)
    assert (due(ledger) == {}) is fresh
    if not fresh:
        assert "7.1 days old, at most 7 are allowed" in due(ledger)["crash"]


@pytest.mark.parametrize("result", ["broken", "inconclusive"])
def test_only_the_last_one_counts_and_it_must_have_held(ledger: Ledger, result: str) -> None:
    drilled(ledger, NOW - DAY)
    drilled(ledger, NOW, result)
    assert f"the last one was {result}" in due(ledger)["crash"]
    drilled(ledger, NOW + 1)
    assert due(ledger, NOW + 2) == {}


def test_what_is_told_has_every_drill_that_ran_or_should_have(ledger: Ledger) -> None:
    drilled(ledger, NOW, exercise="slots")
    crash, slots = told(ledger, "local", WEEK, NOW)
    assert (crash["exercise"], crash["at"], crash["due"]) == ("crash", None, "it never ran")
    assert (slots["exercise"], slots["result"], slots["days"], slots["due"]) == ("slots", "held", None, "")
    drilled(ledger, NOW, "broken", "slots")
    assert told(ledger, "local", {}, NOW)[0]["result"] == "broken", "what was read once is brought up to date"


def test_a_receipt_waits_for_no_deployment_for_ever(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mooring.operate.entry.PATIENCE", 0.0)
    lease.acquire(ledger, "local", "bob", "deploy")
    with pytest.raises(Refused, match="locked by bob"):
        drilled(ledger, time.time())


def test_the_log_book_tells_of_drills_and_of_proved_restores(ledger: Ledger) -> None:
    drilled(ledger, NOW)
    write(ledger, "local", "ann", "verify", Proved(NOW + 1, "copy", 1.0, 2.0, 3, None))
    proof, drill = logbook.newest(ledger.backward("local"), 10)[0]
    assert (drill.kind, drill.outcome, drill.end, drill.start) == ("drill", "done", NOW, NOW - 12.5)
    assert drill.proof
    assert drill.proof["said"] == "7 kills"
    assert proof.kind == "proof"
