"""What a change of the live drills that an environment wants means."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]

PROOFS = "environment.rollout.proofs"
WEAKENED, CHANGED = "environment.rollout-weakened", "environment.rollout-changed"


@pytest.mark.parametrize(
    ("before", "after", "meaning", "says"),
    [
        ({}, {"crash": 7}, CHANGED, "needs a live drill crash of the last 7 days"),
        ({"crash": 7}, {}, WEAKENED, "goes out without a live drill crash"),
        ({"crash": 7}, {"crash": 14}, WEAKENED, "a live drill crash may be 7 → 14 days old"),
        ({"crash": 7}, {"crash": 1}, CHANGED, "a live drill crash may be 7 → 1 days old"),
    ],
)
def test_an_older_proof_or_none_is_a_weaker_rollout(
    before: dict[str, float], after: dict[str, float], meaning: str, says: str, edit: Edit
) -> None:
    live, desired = (edit({PROOFS: {name: {"days": days} for name, days in one.items()}}) for one in (before, after))
    assert [(change.code, change.text) for change in diff(desired, live)] == [(meaning, f"environment local: {says}")]


@pytest.mark.parametrize("proofs", [{"quake": {"days": 7}}, {"crash": {"days": 0}}, {"crash": {}}, {"crash": 7}])
def test_a_demand_that_nothing_can_meet_is_refused(proofs: dict[str, Any], edit: Edit) -> None:
    with pytest.raises(ValueError, match="proofs"):
        edit({PROOFS: proofs})
