"""Fewer people who must approve a plan are a weaker rollout."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.change.diff import diff
from mooring.release.content import ReleaseContent

Edit = Callable[[dict[str, Any]], ReleaseContent]


@pytest.mark.parametrize(
    ("before", "after", "code"), [(2, 1, "environment.rollout-weakened"), (0, 1, "environment.rollout-changed")]
)
def test_a_plan_says_how_many_approve_from_now_on(before: int, after: int, code: str, edit: Edit) -> None:
    live, desired = (edit({"environment.rollout.approvals": count}) for count in (before, after))
    text = f"environment local: approvals of a plan {before} → {after}"
    assert [(change.code, change.text) for change in diff(desired, live)] == [(code, text)]
