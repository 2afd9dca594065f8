"""Releases come and go under load, and no request is lost."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.release.release import Release

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def test_deployments_flips_and_rollbacks_lose_nothing(shared: Any, release: Make, under_load: Any) -> None:
    receipts: list[Any] = []

    def work() -> None:
        receipts.append(shared.deploy(release("three")))
        receipts.append(shared.deploy(release("two")))
        receipts.append(shared.deploy(release("three")))
        receipts.append(shared.rollback())
        receipts.append(shared.deploy(release("four")))

    load = under_load(shared, work)
    assert load.errors == []
    assert [receipt.kind for receipt in receipts] == ["deploy", "flip", "flip", "rollback", "deploy"]
    assert {receipt.lost for receipt in receipts} == {0}
    assert sum(receipt.received for receipt in receipts) > 100
    assert {answer["digest"] for answer in load.answers} >= {release(name).digest for name in ("three", "two", "four")}
    assert shared.ask()["digest"] == release("four").digest


def test_a_failing_release_is_taken_back_on_what_its_users_see(shared: Any, release: Make, under_load: Any) -> None:
    before = shared.ask()["digest"]

    def work() -> None:
        with pytest.raises(Failed, match="requests failed") as failed:
            shared.deploy(release("failing", **{"environment.rollout.bakeSeconds": 20}))
        assert failed.value.reason is Reason.BAKE_FAILED

    load = under_load(shared, work)
    assert all("500" in error for error in load.errors)
    assert shared.ask()["digest"] == before
    assert (
        shared.ledger.state("local").quarantined == release("failing", **{"environment.rollout.bakeSeconds": 20}).digest
    )


@pytest.mark.parametrize(
    ("name", "deadline", "reason", "message"),
    [
        ("unready", 3, Reason.DEADLINE, "was not ready after 3 s: never"),
        ("dead", 20, Reason.NOT_READY, "ended 3 times while starting: cannot start: this release cannot start"),
    ],
)
def test_a_release_that_never_gets_ready_leaves_the_old_slot_untouched(
    shared: Any, release: Make, name: str, deadline: float, reason: Reason, message: str
) -> None:
    before = shared.local.facts()
    with pytest.raises(Failed, match=message) as failed:
        shared.deploy(release(name, **{"environment.rollout.deadlineSeconds": deadline}))
    assert failed.value.reason is reason
    after = shared.local.facts()
    assert after.live == before.live
    assert after.slots[after.live.slot].pid == before.slots[before.live.slot].pid


def test_a_live_slot_that_restarts_serves_until_its_successor_does(shared: Any, under_load: Any) -> None:
    live = shared.local.facts().live.slot
    before = shared.local.facts().slots[live].pid

    def renewed() -> bool:
        slot = shared.local.facts().slots[live]
        return bool(slot.ready and slot.accepting and slot.pid != before)

    def work() -> None:
        assert shared.local.restart() == live
        shared.until(renewed)

    assert under_load(shared, work).errors == []
