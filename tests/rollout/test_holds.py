"""Locks and silences have an owner, a reason and an end, and end by themselves, on each engine."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver, holds
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import Location

Make = Callable[..., Release]


@pytest.fixture
def location(everywhere: Location) -> Location:
    return everywhere


def test_a_lock_refuses_everybody_else_with_its_owner_reason_end_and_how_to_end_it(ledger: Ledger) -> None:
    held = holds.lock(ledger, "local", "ann", "the fair", 1800)
    for refused in (lambda: holds.admit(ledger, "local"), lambda: holds.lock(ledger, "local", "bob", "", 60)):
        with pytest.raises(Refused, match=r"local is locked against deployments by ann until .* UTC: the fair") as no:
            refused()
        assert no.value.reason is Reason.LOCKED
        assert "/deploy unlock in local" in no.value.fix
    assert holds.locked(ledger, "local") == held
    holds.admit(ledger, "staging")


def test_a_lock_ends_by_itself_and_its_end_is_announced_once(ledger: Ledger, clock: Any) -> None:
    held = holds.lock(ledger, "local", "ann", "", 1800)
    clock.sleep(1799)
    assert holds.ended(ledger, "local") == []
    with pytest.raises(Refused):
        holds.admit(ledger, "local")
    clock.sleep(1)
    holds.admit(ledger, "local")
    assert [one.id for one in holds.ended(ledger, "local")] == [held.id]
    assert holds.announced(ledger, held)
    assert not holds.announced(ledger, held)
    assert holds.ended(ledger, "local") == []


def test_who_has_a_lock_prolongs_it_and_is_not_told_that_it_ended(ledger: Ledger, clock: Any) -> None:
    holds.lock(ledger, "local", "ann", "the fair", 600)
    clock.sleep(300)
    longer = holds.lock(ledger, "local", "ann", "the fair goes on", 600)
    assert holds.locked(ledger, "local") == longer
    assert longer.until == clock.now() + 600
    assert holds.ended(ledger, "local") == []


def test_anybody_who_may_ends_a_lock_and_then_there_is_none(ledger: Ledger) -> None:
    held = holds.lock(ledger, "local", "ann", "", 600)
    ended = holds.unlock(ledger, "local", "bob")
    assert ended == held
    holds.admit(ledger, "local")
    assert holds.unlock(ledger, "local", "bob") is None
    assert [(one.owner, one.ended) for one in holds.ended(ledger, "local")] == [("ann", "bob")]


def test_of_several_silences_the_longest_counts(ledger: Ledger, clock: Any) -> None:
    assert holds.silenced(ledger, "local") is None
    holds.silence(ledger, "local", "ann", "known", 1200)
    holds.silence(ledger, "local", "bob", "mine too", 600)
    silent = holds.silenced(ledger, "local")
    assert silent
    assert (silent.owner, holds.silenced(ledger, "staging")) == ("ann", None)
    clock.sleep(1200)
    assert holds.silenced(ledger, "local") is None
    holds.admit(ledger, "local")


def test_a_lock_refuses_a_deployment_before_anything_is_done_and_lets_a_rollback_through(
    target: Any, ledger: Ledger, clock: Any, release: Make
) -> None:
    def deploy(number: int) -> Any:
        return driver.deploy(target, ledger, driver.Request(release(number), "ann"), lambda _: None, clock)

    deploy(1)
    deploy(2)
    holds.lock(ledger, "local", "bob", "the fair", 3600)
    written = ledger.entries(1)
    with pytest.raises(Refused, match="locked against deployments by bob"):
        deploy(3)
    assert ledger.entries(1) == written
    assert release(3).digest not in target.releases
    receipt = driver.rollback(target, ledger, "ann", lambda _: None, clock)
    assert receipt.digest == release(1).digest
    clock.sleep(3600)
    assert deploy(3).digest == release(3).digest
