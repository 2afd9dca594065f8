"""What a deployment does, from its request to its receipt, on a target without processes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import account
from mooring.rollout.state import Phase, Side
from mooring.state.place.location import Location

Make = Callable[..., Release]


class Deploy:
    """Deploys and rolls back with everything but the release filled in."""

    def __init__(self, target: Any, ledger: Ledger, clock: Any) -> None:
        self.target, self.ledger, self.clock = target, ledger, clock
        self.said: list[str] = []

    def __call__(self, release: Release, commit: str | None = None) -> Any:
        live = self.ledger.state("local").live
        request = driver.Request(release, "ann", commit, "sha256:plan", live.digest if live else None)
        return driver.deploy(self.target, self.ledger, request, self.said.append, self.clock)

    def back(self, to: str | None = None) -> Any:
        return driver.rollback(self.target, self.ledger, "bob", self.said.append, self.clock, to)


@pytest.fixture
def deploy(target: Any, ledger: Ledger, clock: Any) -> Deploy:
    return Deploy(target, ledger, clock)


def events(ledger: Ledger) -> list[str]:
    return [entry.event["event"] for entry in reversed(ledger.entries(100))]


def test_a_first_deployment_ends_with_a_receipt(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    receipt = deploy(release(1), "c0ffee")
    assert (receipt.kind, receipt.slot, receipt.previous, receipt.lost) == ("deploy", "blue", None, 0)
    assert (receipt.digest, receipt.switch_ms, receipt.seq) == (release(1).digest, 0.5, 6)
    assert events(ledger) == ["requested", "staged", "passed", "switched", "passed", "accounted"]
    assert ledger.commit_of("local", release(1).digest) == "c0ffee"
    assert ledger.verify() == 6


@pytest.mark.parametrize("tick", [0.007, 0.03, 0.05, 0.07, 0.11, 0.13, 0.17, 0.19])
def test_a_bake_whose_end_passes_between_two_looks_at_the_clock_ends(
    deploy: Deploy, release: Make, clock: Any, tick: float
) -> None:
    clock.tick = tick  # a machine so busy that time goes on between any two lines
    assert deploy(release(1)).kind == "deploy"


def test_a_plan_made_against_another_live_release_is_refused(deploy: Deploy, release: Make, ledger: Ledger) -> None:
    deploy(release(1))
    late = driver.Request(release(2), "ann", None, "sha256:plan", base=release(3).digest)
    with pytest.raises(Refused) as refused:
        driver.deploy(deploy.target, ledger, late, deploy.said.append, deploy.clock)
    assert refused.value.reason is Reason.PLAN_MISMATCH
    assert events(ledger)[-1] == "accounted", "nothing was begun"


def test_going_back_to_a_warm_release_is_a_flip(deploy: Deploy, release: Make, clock: Any) -> None:
    deploy(release(1))
    deploy(release(2))
    start = clock.now()
    receipt = deploy(release(1))
    assert (receipt.kind, receipt.slot, receipt.previous) == ("flip", "blue", release(2).digest)
    assert clock.now() - start < 0.1


def test_deploying_what_is_live_does_nothing(deploy: Deploy, release: Make) -> None:
    deploy(release(1))
    receipt = deploy(release(1))
    assert (receipt.kind, receipt.switch_ms, receipt.slot) == ("no-op", None, "blue")


def test_a_release_that_is_never_ready_is_aborted_by_the_deadline(deploy: Deploy, release: Make, target: Any) -> None:
    deploy(release(1))
    target.broken.add(release(2).digest)
    with pytest.raises(Failed, match="green was not ready after 30 s: it does not start") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.DEADLINE
    assert failed.value.fix.endswith("is live as before")
    assert target.live == "blue"
    assert target.slots["green"].digest is None


def test_a_process_that_ends_again_and_again_is_not_waited_for(
    deploy: Deploy, release: Make, target: Any, clock: Any
) -> None:
    target.broken.add(release(1).digest)

    def die() -> None:
        slot = target.slots["blue"]
        target.slots["blue"] = replace(slot, restarts=slot.restarts + 1)

    clock.meanwhile = die
    start = clock.now()
    with pytest.raises(Failed, match="blue ended 3 times while starting") as failed:
        deploy(release(1))
    assert failed.value.reason is Reason.NOT_READY
    assert clock.now() - start < 1


def test_a_wrong_answer_to_a_probe_keeps_traffic_where_it_is(deploy: Deploy, release: Make, target: Any) -> None:
    deploy(release(1))
    target.answers[release(2).digest] = "I sell boats."
    with pytest.raises(Failed, match=r"support answered 'I sell boats.', expected /order/") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.PROBE_FAILED
    assert target.live == "blue"


def test_errors_while_baking_flip_back_and_quarantine(
    deploy: Deploy, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    clock.meanwhile = lambda: target.serve(18, failed=2)
    with pytest.raises(Failed, match="2 of 20 requests failed") as failed:
        deploy(release(2))
    assert failed.value.reason is Reason.BAKE_FAILED
    assert target.live == "blue"
    with pytest.raises(Refused, match="stays out") as refused:
        deploy(release(2))
    assert refused.value.reason is Reason.QUARANTINED
    assert ledger.state("local").quarantined == release(2).digest


@pytest.mark.parametrize(
    ("change", "message"), [({"restarts": 1}, "green died"), ({"ready": False}, "green is not ready")]
)
def test_a_slot_that_fares_badly_while_baking_flips_back(
    deploy: Deploy, release: Make, target: Any, clock: Any, change: dict[str, Any], message: str
) -> None:
    deploy(release(1))

    def fare() -> None:
        if target.live == "green":
            target.slots["green"] = replace(target.slots["green"], **change)

    clock.meanwhile = fare
    with pytest.raises(Failed, match=message):
        deploy(release(2))
    assert target.live == "blue"


def test_a_few_errors_within_the_limit_pass(deploy: Deploy, release: Make, target: Any, clock: Any) -> None:
    deploy(release(1))
    clock.meanwhile = lambda: target.serve(99, failed=1)
    receipt = deploy(release(2))
    assert receipt.lost == 0
    assert receipt.failed == receipt.received // 100


def test_a_bake_without_traffic_asks_the_probes_again(deploy: Deploy, release: Make, target: Any) -> None:
    deploy(release(1))
    assert target.asked == 2
    assert deploy.said[-1] == "no traffic; the probes passed again"


def test_a_freeze_lets_nothing_out_but_a_rollback(deploy: Deploy, release: Make, clock: Any) -> None:
    deploy(release(1))
    deploy(release(2))
    clock.time = datetime(2030, 12, 24, tzinfo=UTC).timestamp()
    with pytest.raises(Refused, match="frozen: Year-end sale") as refused:
        deploy(release(3))
    assert refused.value.reason is Reason.FROZEN
    assert deploy.back().kind == "rollback"


def test_a_rollback_goes_back_at_once_and_then_further(deploy: Deploy, release: Make, clock: Any) -> None:
    for number in (1, 2, 3):
        deploy(release(number))
    start = clock.now()
    receipt = deploy.back()
    assert (receipt.kind, receipt.digest, receipt.previous) == ("rollback", release(2).digest, release(3).digest)
    assert clock.now() - start < 0.1
    assert deploy.back().digest == release(1).digest
    with pytest.raises(Refused, match="no earlier release"):
        deploy.back()


def test_a_rollback_to_a_named_release(deploy: Deploy, release: Make) -> None:
    for number in (1, 2, 3):
        deploy(release(number))
    assert deploy.back(release(1).digest).digest == release(1).digest


def test_a_rollback_takes_over_from_a_deployment_that_is_watched(
    deploy: Deploy, release: Make, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    receipts: list[Any] = []

    def other_process() -> None:
        if ledger.state("local").phase is Phase.BAKING and not receipts:
            receipts.append(deploy.back())

    clock.meanwhile = other_process
    with pytest.raises(Refused, match=r"took over|not live any more|newer token") as refused:
        deploy(release(2))
    assert refused.value.reason is Reason.FENCED
    assert (receipts[0].kind, receipts[0].digest) == ("rollback", release(1).digest)
    assert ledger.state("local").live == Side("blue", release(1).digest)
    assert ledger.state("local").quarantined == release(2).digest


class Killed(BaseException):
    """A process cannot catch its own kill -9."""


@pytest.fixture
def anywhere(everywhere: Location, clock: Any) -> Iterator[Ledger]:
    """A ledger on each engine."""
    opened = Ledger(everywhere, clock=clock.now)
    yield opened
    opened.close()


@pytest.mark.parametrize("after", range(1, 7))
def test_a_deployment_killed_after_any_transition_is_brought_to_rest(
    anywhere: Ledger, release: Make, target: Any, clock: Any, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger, deploy = anywhere, Deploy(target, anywhere, clock)
    deploy(release(1))
    append, start = ledger.append, len(ledger.entries(100))

    def killing(*arguments: Any) -> Any:
        entry = append(*arguments)
        if entry.seq == start + after:
            raise Killed
        return entry

    monkeypatch.setattr(ledger, "append", killing)
    with pytest.raises(Killed):
        deploy(release(2))
    monkeypatch.undo()
    state = driver.recover(target, ledger, "supervisor", deploy.said.append, deploy.clock)
    assert state.phase is Phase.IDLE
    assert state.live == target.facts().live
    assert target.live == ("green" if after >= 4 else "blue")
    assert deploy(release(2)).kind == ("no-op" if after >= 4 else "deploy")
    ledger.verify()


def test_requests_of_a_slot_that_was_killed_show_as_lost(
    deploy: Deploy, release: Make, target: Any, clock: Any
) -> None:
    deploy(release(1))
    before = target.facts()
    target.serve(5)
    blue = target.slots["blue"]
    target.slots["blue"] = replace(blue, totals={**blue.totals, "received": 7}, in_flight=1)
    assert account(before, target.facts())["lost"] == 1
