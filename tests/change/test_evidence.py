"""What a change of the evidence that a rollout needs means: what counts is what holds in the end."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]

EVIDENCE = "environment.rollout.evidence"
WEAKENED, CHANGED = "environment.rollout-weakened", "environment.rollout-changed"
PRODUCTION = {"environment.tier": "production", "environment.endpoints": "real"}


@pytest.mark.parametrize(
    ("common", "before", "after", "meaning", "says"),
    [
        ({}, {"classes": ["live"]}, {}, WEAKENED, "goes out on recorded or simulated evidence too"),
        ({}, {"classes": ["live"]}, {"classes": ["live", "recorded"]}, WEAKENED, "goes out on recorded evidence too"),
        ({}, {"required": True}, {}, WEAKENED, "goes out without evidence of an evaluation"),
        (PRODUCTION, {}, {"required": False}, WEAKENED, "goes out without evidence of an evaluation"),
        (PRODUCTION, {}, {"classes": ["live", "simulated"]}, WEAKENED, "goes out on simulated evidence too"),
        (PRODUCTION, {"classes": ["live"]}, {"required": True}, WEAKENED, "goes out on recorded evidence too"),
        (PRODUCTION, {}, {"classes": ["live"]}, CHANGED, "needs live evidence to go out"),
        (PRODUCTION, {}, {"required": True}, CHANGED, "needs live or recorded evidence to go out"),
        ({}, {}, {"classes": ["live"]}, CHANGED, "needs no evidence to go out"),
    ],
)
def test_less_evidence_is_a_weaker_rollout(
    common: dict[str, Any], before: dict[str, Any], after: dict[str, Any], meaning: str, says: str, edit: Edit
) -> None:
    found = diff(edit({**common, EVIDENCE: after}), edit({**common, EVIDENCE: before}))
    assert [(change.code, change.text) for change in found] == [(meaning, f"environment local: {says}")]


def test_a_rollout_that_is_weaker_in_two_ways_says_both(edit: Edit) -> None:
    after = {**PRODUCTION, EVIDENCE: {"required": False, "classes": ["simulated"]}}
    found = diff(edit(after), edit({**PRODUCTION, EVIDENCE: {"classes": ["live"]}}))
    assert [change.code for change in found] == [WEAKENED, WEAKENED]
