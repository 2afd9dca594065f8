"""Who else must agree when a change makes its own test easier."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mooring.evaluate.behaviour.approval import second_approval
from mooring.evaluate.behaviour.values import Approval, Weakening
from mooring.spec import Guards, Override
from mooring.spec.guards import OWN_TEST

NOW = datetime(2026, 5, 1, tzinfo=UTC)
HEAD = f"sha256:{'a' * 64}"
EASIER = Weakening("support/refunds", "late", "critical-dropped", "no longer critical", "@shop/support", together=True)


def document(kind: str, **more: Any) -> dict[str, Any]:
    head = {"apiVersion": "mooring/v1", "kind": kind, "name": "one", "version": "1.0.0"}
    return {**head, "description": "For a test.", "owner": "@shop/platform", **more}


WATCH = {"name": "any", "meanings": ["tool.*"], "reason": "To see."}
GUARDS = Guards.model_validate(
    document("Guards", maxRisk=5, overrideOwners=["@shop/platform", "@shop/on-call"], guards=[WATCH])
)


def asked(*weakened: Weakening, overrides: tuple[Override, ...] = (), head: str = HEAD) -> Approval | None:
    return second_approval(head, weakened, {"guards": GUARDS}, overrides, NOW)


def override(plan: str, **more: Any) -> Override:
    values: Mapping[str, Any] = {"guards": [OWN_TEST], "reason": "Agreed.", "expires": NOW + timedelta(days=1)}
    return Override.model_validate(document("Override", plan=plan, **{**values, **more}))


def bound(*weakened: Weakening, head: str = HEAD) -> str:
    found = asked(*weakened, head=head)
    assert found is not None
    return found.digest


def test_a_change_that_is_tested_as_before_needs_nobody() -> None:
    alone = Weakening("support/refunds", "late", "critical-dropped", "no longer critical", "@shop/support", False)
    assert (asked(), asked(alone)) == (None, None)


def test_without_an_override_nobody_has_approved_and_its_possible_owners_are_named() -> None:
    found = asked(EASIER)
    assert found is not None
    assert (found.by, found.owners) == ("", ("@shop/on-call", "@shop/platform"))


def test_an_override_of_the_very_change_approves_it() -> None:
    found = asked(EASIER, overrides=(override(bound(EASIER)),))
    assert found is not None
    assert (found.by, found.ignored) == ("one", ())


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"expires": NOW}, "expired"),
        ({"owner": "@shop/support"}, "its owner @shop/support is none of"),
        ({"plan": f"sha256:{'b' * 64}"}, "it is for plan"),
    ],
)
def test_an_override_that_does_not_count_is_named_with_the_reason(more: dict[str, Any], why: str) -> None:
    found = asked(EASIER, overrides=(override(**{"plan": bound(EASIER), **more}),))
    assert found is not None
    assert found.by == ""
    assert why in found.ignored[0]


def test_an_override_of_another_guard_approves_nothing() -> None:
    found = asked(EASIER, overrides=(override(bound(EASIER), guards=["max-risk"]),))
    assert found is not None
    assert (found.by, found.ignored) == ("", ())


def test_one_more_thing_that_is_easier_or_another_release_needs_another_approval() -> None:
    more = Weakening("support/refunds", "", "repeats-lowered", "repeats 5 → 1", "@shop/support", True)
    assert len({bound(EASIER), bound(EASIER, more), bound(EASIER, head=f"sha256:{'c' * 64}")}) == 3
