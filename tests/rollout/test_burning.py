"""A release that burns an error budget while it bakes is taken back, by what its slot served since the switch."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.window import Key, Totals

Edit = Callable[[dict[str, Any]], Any]


def requests(answered: int, failed: int) -> dict[Key, float]:
    return {
        ("mooring_requests_total", frozenset({("end", "answered")})): float(answered),
        ("mooring_requests_total", frozenset({("end", "failed")})): float(failed),
    }


@pytest.fixture
def release(edit: Edit) -> Callable[..., Release]:
    def make(number: int, **values: Any) -> Release:
        named = {"environment.description": f"Number {number}.", "environment.objectives": "objectives"}
        lenient = {"environment.rollout.maxErrorRate": 1, "environment.rollout.bakeSeconds": 20}
        return Release.of(edit({**named, **lenient, **values}))

    return make


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any) -> Callable[[Release], Any]:
    def deployed(release: Release) -> Any:
        return driver.deploy(target, ledger, driver.Request(release, "ann"), lambda _line: None, clock)

    return deployed


def test_a_budget_that_burns_takes_the_release_back_at_once(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    target.counted = requests(10_000, 0)
    start = clock.now()

    def serve() -> None:
        if target.live == "green":
            target.serve(1)
            target.counted = requests(10_090, 10)

    clock.meanwhile = serve
    with pytest.raises(Failed, match=r"uptime: 10 of 100 requests failed, where 0\.005 may be") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.BAKE_FAILED
    assert target.live == "blue"
    assert ledger.state("local").quarantined == release(2).digest
    assert clock.now() - start < 5, "nobody waited for the end of the bake"


def test_what_was_counted_before_the_switch_is_not_held_against_the_release(
    deploy: Any, release: Any, target: Any, clock: Any
) -> None:
    target.counted = requests(50, 50)

    def serve() -> None:
        if target.live:
            target.serve(1)
            target.counted = requests(150, 50)

    clock.meanwhile = serve
    assert deploy(release(1)).digest == release(1).digest


@pytest.mark.parametrize(("answered", "failed"), [(19, 1), (20, 20)])
def test_a_few_failures_are_left_to_the_error_rate(
    deploy: Any, release: Any, target: Any, clock: Any, answered: int, failed: int
) -> None:
    def serve() -> None:
        if target.live:
            target.counted = requests(answered, failed)

    clock.meanwhile = serve
    deploy(release(1))


def test_an_environment_that_promises_nothing_is_not_read(deploy: Any, release: Any, target: Any) -> None:
    target.totals = None
    deploy(release(1, **{"environment.objectives": None}))


def test_a_slot_that_cannot_be_read_fails_no_bake(
    deploy: Any, release: Any, target: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_slot: str) -> Totals:
        raise Stopped(Reason.NOT_RUNNING, "worker 1 of green does not answer")

    monkeypatch.setattr(target, "totals", silent)
    deploy(release(1))


def test_the_slot_is_read_once_a_second_and_at_the_end(
    deploy: Any, release: Any, target: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[float] = []

    def counted(_slot: str) -> Totals:
        read.append(clock.now())
        return {}

    monkeypatch.setattr(target, "totals", counted)
    deploy(release(1))
    assert 15 <= len(read) <= 23
