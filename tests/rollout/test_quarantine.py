"""What was taken back stays out until it differs, whatever goes out meanwhile and however it comes."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import approvals, driver, quarantine
from mooring.rollout.driver import Request
from mooring.rollout.hotfix import hotfix
from mooring.rollout.ledger import Ledger
from mooring.rollout.patches import Patch
from mooring.state.records.approvals import Asked, ask

Make = Callable[..., Release]


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any) -> Callable[..., Any]:
    def run(release: Release, **more: Any) -> Any:
        return driver.deploy(target, ledger, Request(release, "ann", **more), lambda _line: None, clock)

    return run


def flipped_back(deploy: Any, release: Release, target: Any, clock: Any) -> None:
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed, match="2 of 20 requests failed"):
        deploy(release)
    clock.meanwhile = lambda: None


def refused(deploy: Any, release: Release) -> Refused:
    with pytest.raises(Refused, match="stays out until it differs") as found:
        deploy(release)
    assert found.value.reason is Reason.QUARANTINED
    return found.value


def test_it_stays_out_after_the_revert_was_merged_and_after_others_went_out(
    deploy: Any, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    flipped_back(deploy, release(2), target, clock)
    assert "2 of 20 requests failed" in str(refused(deploy, release(2)))
    deploy(release(1))  # the revert is merged: it runs already
    assert ledger.state("local").quarantined is None
    refused(deploy, release(2))
    deploy(release(3))
    refused(deploy, release(2))
    assert target.facts().live.digest == release(3).digest


def test_a_release_that_differs_goes_out_and_so_does_the_same_one_once_it_is_let_out_by_name(
    deploy: Any, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    flipped_back(deploy, release(2), target, clock)
    assert deploy(release(2), lifted=True).digest == release(2).digest, "right after it was taken back too"
    deploy(release(3))
    deploy(release(2))
    assert quarantine.reason(ledger, "local", release(2).digest) == ""


def test_what_was_rolled_back_by_a_person_stays_out_too_though_it_served_for_good_before(
    deploy: Any, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    for number in (2, 1, 2):
        deploy(release(number))
    driver.rollback(target, ledger, "ann", lambda _line: None, clock)
    deploy(release(3))
    assert release(2).digest in ledger.state("local").trail
    refused(deploy, release(2))
    receipt = driver.rollback(target, ledger, "ann", lambda _line: None, clock, to=release(2).digest)
    assert receipt.digest == release(2).digest, "on-call may go back to it by name"


def test_a_hotfix_that_makes_it_again_is_refused(
    deploy: Any, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    patch = Patch("model", "openai/gpt-4-1", {"options.temperature": 0.9}, "ann", "slow", 1_000_000, 2_000_000)
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed):
        hotfix(target, ledger, patch, lambda _line: None, clock)
    clock.meanwhile = lambda: None
    deploy(release(1))
    with pytest.raises(Refused, match="stays out until it differs"):
        hotfix(target, ledger, patch, lambda _line: None, clock)


def test_a_plan_that_waits_for_approvals_is_void_once_its_release_was_taken_back(
    deploy: Any, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    flipped_back(deploy, release(2), target, clock)
    said = {"needed": 1, "base": release(1).digest, "risk": 1, "changes": [], "count": 0, "commit": None}
    plan = f"sha256:{'9' * 64}"
    ledger.write(lambda statements: ask(statements, Asked(plan, release(2).digest, 1.0, "bob", said)))
    with pytest.raises(Refused, match="stays out") as found:
        approvals.approve(ledger, "local", plan, "alice", "slack")
    assert found.value.reason is Reason.QUARANTINED
    ledger.write(
        lambda statements: ask(statements, Asked(plan, release(2).digest, 1.0, "bob", said | {"lifted": True}))
    )
    assert approvals.approve(ledger, "local", plan, "alice", "slack")[0]
