"""The last live drills on the status page, and on the terminal."""

import time
from typing import Any

import pytest

from mooring.report.page.records import proofs
from mooring.report.page.words import words
from mooring.report.status import notes
from mooring.timestamps import iso
from tests.report.page.story import AT, serving

HELD: dict[str, Any] = {"exercise": "crash", "at": iso(AT - 86400), "result": "held", "said": "7 kills", "days": None}
HELD |= {"due": ""}
NEVER = {"exercise": "slots", "at": None, "result": None, "days": 7.0, "due": "it never ran"}


@pytest.mark.parametrize(
    ("one", "tone", "text"),
    [
        (HELD, "good", "held"),
        (HELD | {"result": "broken"}, "bad", "did not hold"),
        (HELD | {"result": "inconclusive"}, "warn", "said nothing"),
        (HELD | {"days": 0.5, "due": "too old"}, "warn", "older than the 0.5 days"),
        (NEVER, "warn", "never ran"),
    ],
)
def test_a_drill_is_shown_by_what_it_proves(one: dict[str, Any], tone: str, text: str) -> None:
    (remark,) = proofs(serving() | {"proofs": [one]}, words("en", AT)).remarks
    assert (remark.about, remark.tone) == (one["exercise"], tone)
    assert text in remark.text


def test_what_nobody_could_read_is_not_said_to_be_none() -> None:
    w = words("en", AT)
    assert "None has ever run" in proofs(serving() | {"proofs": []}, w).nothing
    assert proofs(serving() | {"proofs": None}, w).nothing == w.unknown


def test_the_terminal_says_how_old_a_proof_is_and_why_it_does_not_count() -> None:
    old = HELD | {"at": iso(time.time() - 9 * 86400), "days": 7, "due": "the last one is 9.0 days old"}
    shown = [line for line in notes(serving() | {"proofs": [old, NEVER]}) if line.startswith("live drill")]
    assert shown[0].startswith("live drill crash held 9 days ago: 7 kills")
    assert "9.0 days old" in shown[0]
    assert shown[1] == "live drill slots never ran, and a release goes out after it only: moor drill --live slots"
