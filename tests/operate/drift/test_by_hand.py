"""What somebody changed by hand in what a target runs on is drift, with who did it and since when."""

from typing import Any

import pytest

from mooring.operate.drift.difference import Moved
from mooring.rollout.target import Edit


@pytest.mark.slow
def test_a_change_by_hand_is_a_difference_in_place(world: Any) -> None:
    edit = Edit("Service/local spec.selector", "Service local: spec.selector is green", "kubectl-edit", 2_000_000_000.0)
    world.deploy()
    before = world.look().differences
    world.slots.by_hand.append(edit)
    found = [one for one in world.look().differences if one not in before]
    assert [(one.moved, one.where, one.who, one.since) for one in found] == [
        (Moved.IN_PLACE, edit.where, "kubectl-edit", edit.since)
    ]
    assert found[0].field == "changed-in-place:Service/local spec.selector"
