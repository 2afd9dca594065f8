"""Smoke suites in a rollout: what fails before the switch keeps traffic where it is, what fails after takes it back."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Side

Make = Callable[..., Release]


class Smoke:
    """Notes where it was asked, and whether traffic was there already; says what it was told to say."""

    def __init__(self, target: Any) -> None:
        self.target = target
        self.asked: list[tuple[str, bool]] = []
        self.seconds: list[float] = []
        self.before: list[str] = []
        self.after: list[str] = []

    def __call__(self, side: Side, seconds: float) -> Sequence[str]:
        live = self.target.live == side.slot
        self.asked.append((side.slot, live))
        self.seconds.append(seconds)
        return self.after if live else self.before


@pytest.fixture
def smoke(target: Any) -> Smoke:
    return Smoke(target)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any, smoke: Smoke, said: list[str]) -> Callable[[Release], Any]:
    def run(release: Release) -> Any:
        request = driver.Request(release, "ann", evidence="sha256:found", smoke=smoke)
        return driver.deploy(target, ledger, request, said.append, clock)

    return run


def test_smoke_suites_are_asked_before_the_switch_and_after(deploy: Any, release: Make, smoke: Smoke) -> None:
    deploy(release(1))
    assert smoke.asked == [("blue", False), ("blue", True)]
    assert all(0 < seconds <= 30 for seconds in smoke.seconds)


def test_what_fails_before_the_switch_keeps_traffic_where_it_is(
    deploy: Any, release: Make, smoke: Smoke, target: Any, ledger: Ledger, said: list[str]
) -> None:
    deploy(release(1))
    smoke.before = ["support/smoke/policy-known: no days", "support/smoke/order-found: no order"]
    with pytest.raises(Failed, match=r"^smoke: support/smoke/policy-known: no days, and 1 more$") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.PROBE_FAILED
    assert failed.value.fix.endswith("is live as before")
    assert [line for line in said if line.startswith("smoke: ")] == [f"smoke: {line}" for line in smoke.before]
    assert target.live == "blue"
    assert target.slots["green"].digest is None
    assert ledger.state("local").quarantined is None


def test_what_fails_after_the_switch_flips_back_and_quarantines(
    deploy: Any, release: Make, smoke: Smoke, target: Any, ledger: Ledger, clock: Any
) -> None:
    deploy(release(1))
    smoke.after = ["support/smoke/policy-known: no days"]
    start = clock.now()
    with pytest.raises(Failed, match="policy-known") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.PROBE_FAILED
    assert target.live == "blue"
    assert clock.now() - start < 1, "it does not wait for the end of the bake"
    assert ledger.state("local").quarantined == release(2).digest
    with pytest.raises(Refused, match="stays out"):
        deploy(release(2))


def test_requests_that_fail_while_the_smoke_suites_are_asked_count(
    deploy: Any, release: Make, target: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(release(1))

    def serving(self: Smoke, side: Side, seconds: float) -> Sequence[str]:
        if target.live == "green":
            target.serve(10, failed=10)
        return ()

    monkeypatch.setattr(Smoke, "__call__", serving)
    with pytest.raises(Failed, match="10 of 20 requests failed"):
        deploy(release(2))
    assert target.live == "blue"


def test_the_way_back_asks_nothing(
    deploy: Any, release: Make, smoke: Smoke, target: Any, ledger: Ledger, clock: Any
) -> None:
    deploy(release(1))
    deploy(release(2))
    smoke.asked.clear()
    smoke.before = smoke.after = ["whatever"]
    assert driver.rollback(target, ledger, "bob", print, clock).kind == "rollback"
    assert smoke.asked == []


def test_a_flip_to_a_release_that_passed_before_asks_nothing(deploy: Any, release: Make, smoke: Smoke) -> None:
    deploy(release(1))
    deploy(release(2))
    smoke.asked.clear()
    smoke.before = smoke.after = ["whatever"]
    assert deploy(release(1)).kind == "flip"
    assert smoke.asked == []


def test_the_ledger_names_the_evidence_on_which_a_release_went_out(deploy: Any, release: Make, ledger: Ledger) -> None:
    deploy(release(1))
    assert ledger.entries(100)[-1].event["evidence"] == "sha256:found"
    assert ledger.verify() == 6
