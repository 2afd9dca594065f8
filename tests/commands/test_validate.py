"""`moor validate --budgets` shows the sums, also where they are what is wrong."""

from typing import Any

import pytest

pytestmark = pytest.mark.slow


def test_budgets_are_shown_rung_by_rung(moor: Any, repo: Any) -> None:
    shown = moor("-C", repo.root, "validate", "--budgets")
    assert "one model call" in shown.out
    assert "of 120 s (standard)" in shown.out
    told = moor("-C", repo.root, "validate", "--budgets", "--json").json["budgets"]
    assert {budget["agent"] for budget in told} == {"support", "incident"}


def test_budgets_are_shown_where_they_are_what_is_wrong(moor: Any, repo: Any) -> None:
    repo.edit("configs/resilience/standard.yaml", "deadlineSeconds: 120", "deadlineSeconds: 20")
    shown = moor("-C", repo.root, "validate", "--budgets")
    assert shown.code == 1
    assert "deadline 20 s (standard)" in shown.out
    assert "[deadline-ladder]" in shown.err
