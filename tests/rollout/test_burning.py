"""A release that burns an error budget while it bakes is taken back, by what its slot served since the switch."""

from collections.abc import Callable
from typing import Any

import pytest

from mooring import metrics
from mooring.errors import Failed, Stopped
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.signals import bound, bounds
from mooring.rollout.objectives.window import Key, Totals
from tests.operate.objectives.document import document

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
        promised = {"objectives.objectives": document().model_dump(mode="json")}
        return Release.of(edit({**named, **lenient, **promised, **values}))

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


def test_a_slot_that_cannot_be_read_is_probed_again_and_the_ledger_says_so(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_slot: str) -> Totals:
        raise Stopped(Reason.NOT_RUNNING, "worker 1 of green does not answer")

    def serve() -> None:
        if target.live:
            target.serve(1)

    clock.meanwhile = serve
    monkeypatch.setattr(target, "totals", silent)
    deploy(release(1))
    assert "error budgets were not watched: worker 1 of green does not answer; the probes passed again" in baked(ledger)
    assert target.asked == 2 * len(release(1).content.environment.rollout.probes)


@pytest.mark.slow
def test_unwatched_budgets_and_failing_probes_take_the_release_back(
    deploy: Any, release: Any, target: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(_slot: str) -> Totals:
        raise Stopped(Reason.NOT_RUNNING, "worker 1 of green does not answer")

    def serve() -> None:
        if target.live:
            target.serve(1)
            target.answers[release(1).digest] = "no idea"

    clock.meanwhile = serve
    monkeypatch.setattr(target, "totals", silent)
    with pytest.raises(Failed, match="expected"):
        deploy(release(1))


def test_a_first_reading_that_fails_blinds_no_bake(
    deploy: Any, release: Any, target: Any, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one that succeeds takes its place, and what it already counted is nobody's fault."""
    read: list[float] = []

    def counted(_slot: str) -> Totals:
        read.append(clock.now())
        if len(read) < 4:
            raise Stopped(Reason.NOT_RUNNING, "worker 1 of green does not answer")
        return requests(1000, 100) if len(read) < 6 else requests(1090, 110)

    monkeypatch.setattr(target, "totals", counted)
    with pytest.raises(Failed, match="uptime: 10 of 100 requests failed"):
        deploy(release(1))


def test_budgets_that_were_watched_for_a_part_of_the_bake_say_for_which(
    deploy: Any, release: Any, target: Any, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def counted(slot: str) -> Totals:
        read.append(slot)
        if len(read) < 4:
            raise Stopped(Reason.NOT_RUNNING, "worker 1 of green does not answer")
        return requests(1000, 0)

    monkeypatch.setattr(target, "totals", counted)
    deploy(release(1))
    assert "error budgets were watched after 2 s only: worker 1 of green does not answer" in baked(ledger)


def rungs(first: int, second: int, metric: str = "mooring_rungs_total") -> dict[Key, float]:
    return {
        (metric, frozenset({("rung", "L0")})): float(first),
        (metric, frozenset({("rung", "L1")})): float(second),
    }


def slow(quick: int, slow: int) -> dict[Key, float]:
    name = metrics.REQUEST_DURATION
    found = {(f"{name}_count", frozenset[tuple[str, str]]()): float(quick + slow)}
    for edge in bounds(name):
        found[f"{name}_bucket", frozenset({("le", bound(edge))})] = float(quick + (slow if edge > 60 else 0))
    return found


def baked(ledger: Ledger) -> str:
    """What the bake of the newest rollout saw."""
    said = [entry.event.get("said", "") for entry in ledger.entries(20, "local") if entry.event["event"] == "passed"]
    return next(one for one in said if one)


def serving(target: Any, clock: Any, slot: str, counted: dict[Key, float]) -> None:
    """The slot has counted that as soon as it serves somebody."""

    def serve() -> None:
        if target.live == slot:
            target.serve(1)
            target.counted_in[slot] = counted

    clock.meanwhile = serve


@pytest.mark.parametrize("bad", [rungs(10, 90), slow(10, 90)], ids=["degradation", "p99"])
def test_what_the_release_before_did_not_suffer_takes_the_new_one_back(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger, bad: dict[Key, float]
) -> None:
    deploy(release(1))
    target.counted_in["blue"] = {**rungs(1000, 0), **slow(1000, 0)}
    serving(target, clock, "green", bad)
    with pytest.raises(Failed, match="90 of 100"):
        deploy(release(2))
    assert ledger.state("local").quarantined == release(2).digest


@pytest.mark.parametrize("bad", [rungs(10, 90), slow(10, 90)], ids=["degradation", "p99"])
def test_what_the_release_before_suffered_just_before_the_switch_takes_nothing_back(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger, bad: dict[Key, float]
) -> None:
    """However well it did in all the time before: it had answered a hundred thousand."""
    deploy(release(1))
    long_ago = {**rungs(100_000, 0), **slow(100_000, 0)}
    target.counted_in["blue"] = long_ago
    target.probed = lambda _slot: target.counted_in.update(
        blue={key: value + bad.get(key, 0) for key, value in long_ago.items()}
    )
    serving(target, clock, "green", bad)
    deploy(release(2))
    assert target.live == "green"
    assert ledger.state("local").quarantined is None
    assert "inconclusive: " in baked(ledger)
    assert "and blue burned it before the switch too; the probes passed again" in baked(ledger)


def test_an_outage_that_begins_while_a_release_bakes_takes_nothing_back(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger
) -> None:
    """Nobody uses the old slot any more, so it is asked itself."""
    deploy(release(1))
    target.counted_in["blue"] = rungs(1000, 0)
    asked: list[str] = []

    def probed(slot: str) -> None:
        if slot == "blue":
            asked.append(slot)
            target.counted_in["blue"] = rungs(1000, 0) | rungs(0, len(asked), "mooring_probed_runs_total")

    target.probed = probed
    serving(target, clock, "green", rungs(10, 90))
    deploy(release(2))
    assert "and blue burns it too, by 5 of 5 probes; the probes passed again" in baked(ledger)
    assert len(asked) == 5, "it is asked once"


def test_a_vendor_that_is_slow_to_both_takes_nothing_back(
    deploy: Any, release: Any, target: Any, clock: Any, ledger: Ledger
) -> None:
    deploy(release(1))
    target.counted_in["blue"] = slow(1000, 0)

    def probed(slot: str) -> None:
        clock.time += 31 if slot == "blue" else 0

    target.probed = probed
    serving(target, clock, "green", slow(10, 90))
    deploy(release(2))
    assert "and blue burns it too, by 1 of 1 probes" in baked(ledger)


def test_failed_requests_are_nobody_elses_fault(deploy: Any, release: Any, target: Any, clock: Any) -> None:
    deploy(release(1))
    target.counted_in["blue"] = requests(50, 50)
    serving(target, clock, "green", requests(50, 50))
    with pytest.raises(Failed, match="uptime"):
        deploy(release(2))


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


def test_an_agent_that_asks_another_vendor_is_no_excuse(deploy: Any, release: Any, target: Any, clock: Any) -> None:
    """The old release's other agent is as badly off, before the switch and when it is asked."""

    def by(agent: str, counted: dict[Key, float]) -> dict[Key, float]:
        return {(name, labels | {(metrics.AGENT, agent)}): value for (name, labels), value in counted.items()}

    deploy(release(1))
    target.counted_in["blue"] = by("other", rungs(0, 1000)) | by("support", rungs(100, 0))
    serving(target, clock, "green", by("support", rungs(10, 90)) | by("other", rungs(10, 0)))
    with pytest.raises(Failed, match="degradation: 90 of 110"):
        deploy(release(2))
