"""What every kind of target does, whatever it runs on and however many workers a slot has.

A new kind gets a row in KINDS and passes the same tests.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.release.release import Release
from mooring.rollout.state import SLOTS, Side, other
from mooring.rollout.target import SlotFacts, Terms
from mooring.spec.environment import Environment
from mooring.targets import table
from mooring.targets.protocol import Target
from tests.targets.house import AnyHouse, loaded
from tests.targets.local import conftest as local


@dataclass(frozen=True)
class Kind:
    """A kind of target, as it is tested: how many processes a slot has, and how an environment is made."""

    name: str
    workers: int
    values: Callable[[Any], dict[str, Any]]
    start: Callable[[Any, Release], AnyHouse]


def of_local(request: Any) -> Path:
    folder: Path = request.getfixturevalue("tmp_path_factory").mktemp("local")
    return folder


LOCAL = partial(Kind, "local", values=lambda _place: {}, start=lambda place, release: local.open_house(place, release))
KUBERNETES = partial(
    Kind, "kubernetes", values=lambda place: place.values(), start=lambda place, release: clustered(place, release)
)

EVERY = (LOCAL(workers=1), LOCAL(workers=2), KUBERNETES(workers=2))
KINDS = [
    pytest.param(EVERY[0], id="one worker"),
    pytest.param(EVERY[1], id="two workers"),
    pytest.param(EVERY[2], id="kubernetes", marks=[pytest.mark.slow, pytest.mark.timeout(600)]),
]


def clustered(place: Any, release: Release) -> AnyHouse:
    """Imported where there is a cluster alone: it needs more than the other targets do."""
    from tests.targets.kubernetes.house import open_house

    return open_house(place, release)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: Any) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def where(request: Any, kind: Kind) -> Any:
    """Where the environment is: a folder, or a place in a cluster."""
    return of_local(request) if kind.name == "local" else request.getfixturevalue("place")


@pytest.fixture(scope="module")
def workers(kind: Kind) -> int:
    """Of a slot."""
    return kind.workers


@pytest.fixture(scope="module")
def release(release: Any, kind: Kind, where: Any) -> Any:
    """A release whose slots have so many workers."""
    local = {"environment.serving.workers": kind.workers} if kind.name == "local" else {}
    return partial(release, **local, **kind.values(where))


@pytest.fixture(scope="module")
def house(kind: Kind, where: Any, release: Any) -> Iterator[AnyHouse]:
    """An environment in which `one` is live."""
    opened = kind.start(where, release("one"))
    opened.deploy(release("one"))
    yield opened
    opened.close()


@pytest.fixture
def target(house: AnyHouse) -> Target:
    return house.target


def identities(slot: SlotFacts) -> set[str | int | None]:
    return {worker.identity for worker in slot.workers}


def test_every_kind_of_target_is_tested() -> None:
    assert {"local", "kubernetes"} == {kind.name for kind in EVERY} == set(table.KINDS)


@pytest.mark.slow
def test_what_is_live_is_running_and_ready(target: Target, release: Any) -> None:
    status, live = target.status(), target.live()
    assert (status.running, live and live.digest) == (True, release("one").digest)
    facts = target.facts()
    assert facts.live is not None
    assert facts.slots.keys() == set(SLOTS)
    assert facts.slots[facts.live.slot].ready


@pytest.mark.slow
def test_a_release_can_be_put_found_and_read(target: Target, release: Any) -> None:
    target.put(release("two"))
    assert target.find(release("two").digest[:20]) == release("two").digest
    assert target.release(release("two").digest).content == release("two").content
    assert target.terms(release("two").digest) == Terms.of(release("two"))
    with pytest.raises(UsageError):
        target.find("sha256:0000")


def test_a_slot_answers_probes_and_shows_its_configuration(target: Target, release: Any) -> None:
    live = target.facts().live
    assert live is not None
    assert "order" in target.probe(live.slot, "support", "Where is it?", 5)
    assert target.config(live.slot)["digest"] == release("one").digest


@pytest.mark.slow
def test_deployments_and_flips_under_load_lose_nothing_and_the_receipt_says_so(house: AnyHouse, release: Any) -> None:
    receipts: list[Any] = []

    def work() -> None:
        receipts.append(house.deploy(release("two")))
        receipts.append(house.rollback())
        receipts.append(house.deploy(release("three")))
        receipts.append(house.deploy(release("one")))

    load = loaded(house, work)
    assert load.errors == []
    assert receipts[-1].kind == "flip"
    assert {receipt.lost for receipt in receipts} == {0}
    assert all(0 < receipt.received <= len(load.answers) + 16 for receipt in receipts)
    assert {answer["digest"] for answer in load.answers} == {release(name).digest for name in ("one", "two", "three")}


@pytest.mark.slow
@pytest.mark.parametrize("transitions", range(1, 7))
def test_a_deploying_process_killed_after_any_transition_is_cleaned_up(
    house: AnyHouse, release: Any, transitions: int
) -> None:
    before, new = house.ask()["digest"], release(f"killed after {transitions}")

    def work() -> None:
        house.deploy_killed(new, transitions)
        house.recover()
        house.until(house.at_rest, 30)

    load = loaded(house, work)
    assert load.errors == []
    assert house.ask()["digest"] == (new.digest if transitions >= 4 else before)
    house.sound()


@pytest.mark.slow
def test_the_next_deployment_cleans_up_what_was_left(house: AnyHouse, release: Any) -> None:
    house.deploy_killed(release("left alone"), 2)
    receipt = house.deploy(release("one"))
    assert (receipt.kind, receipt.digest) in [
        ("deploy", release("one").digest),
        ("flip", release("one").digest),
        ("no-op", release("one").digest),
    ]
    house.sound()


def test_the_live_slot_is_not_changed_and_older_tokens_are_void(target: Target, release: Any) -> None:
    live = target.facts().live
    assert live is not None
    target.fence(1000)
    with pytest.raises(Refused):
        target.stage(Side(live.slot, release("one").digest), 1000)
    with pytest.raises(Refused):
        target.fence(999)


def test_traffic_never_goes_to_a_slot_that_is_not_ready(target: Target, release: Any) -> None:
    live = target.facts().live
    assert live is not None
    idle = next(name for name in SLOTS if name != live.slot)
    with pytest.raises(Refused):
        target.switch(Side(idle, release("never staged").digest), 1000)
    assert target.facts().live == live


@pytest.mark.slow
def test_a_release_is_made_ready_beside_the_live_one(house: AnyHouse, release: Any, workers: int) -> None:
    target, before = house.target, house.whole()
    idle = other(house.live)
    target.put(release("slow two"))
    staged = Side(idle, release("slow two").digest)
    target.stage(staged, 1000)
    house.until(lambda: target.facts().warm() == staged, 60)
    slot = target.facts().slots[idle]
    assert [(worker.ready, worker.accepting) for worker in slot.workers] == [(True, False)] * workers
    assert house.whole().digest == before.digest
    target.discard(staged, 1000, None)
    house.until(lambda: target.facts().slots[idle].digest is None)


@pytest.mark.slow
def test_a_killed_process_costs_what_it_was_answering_and_no_more(house: AnyHouse) -> None:
    before = house.whole()

    def work() -> None:
        killed = house.kill_worker(house.live)
        assert killed
        house.until(lambda: house.target.facts().slots[house.live].workers[-1].restarts > before.workers[-1].restarts)
        house.whole()

    load, after = loaded(house, work), house.whole()
    assert [worker.identity for worker in after.workers[:-1]] == [worker.identity for worker in before.workers[:-1]]
    assert sum(worker.restarts for worker in after.workers[:-1]) == 0
    lost = after.totals["lost"] - before.totals["lost"]
    # A connection that nobody takes while the cluster hears of it was never a request.
    assert lost <= len(load.errors) - house.refused <= 16
    assert after.totals["answered"] - before.totals["answered"] >= len(load.answers)


@pytest.mark.slow
def test_a_worker_that_is_killed_by_its_number_is_replaced_by_another(house: AnyHouse, workers: int) -> None:
    before = house.whole()
    killed = house.target.kill(house.live, workers)
    assert killed == str(before.workers[-1].identity)
    house.until(lambda: before.workers[-1].identity not in identities(house.target.facts().slots[house.live]), 60)
    after = house.whole()
    assert len(after.workers) == workers
    assert {worker.identity for worker in before.workers[:-1]} <= identities(after)
    with pytest.raises(Failed):
        house.target.kill(house.live, workers + 1)


@pytest.mark.slow
def test_a_process_at_its_memory_limit_is_replaced_alone_and_nothing_is_lost(house: AnyHouse, kind: Kind) -> None:
    before, full = house.whole(), dict[str, Any]()

    def work() -> None:
        full.update(house.get("/fill"))
        house.until(lambda: house.replaced(full), 30)
        time.sleep(0.3)

    assert loaded(house, work).errors == []
    after = house.whole()
    assert after.totals["lost"] == before.totals["lost"]
    if kind.name == "local":  # a cluster starts the container again, and counts that
        changed = [now.number for was, now in zip(before.workers, after.workers, strict=True) if was.pid != now.pid]
        assert (changed, after.restarts) == ([full["worker"]], before.restarts)


@pytest.mark.slow
def test_a_restart_under_load_loses_nothing(house: AnyHouse) -> None:
    before = house.whole()

    def work() -> None:
        house.target.restart()
        house.until(lambda: not identities(before) & identities(house.whole()), 60)

    load = loaded(house, work)
    assert load.errors == []
    assert house.whole().totals["lost"] == before.totals["lost"]


def test_logs_are_read_and_followed(target: Target) -> None:
    live = target.facts().live
    assert live is not None
    lines = target.logs(live.slot, 5)
    assert lines
    assert next(target.follow(live.slot, 1)).strip() in [line.strip() for line in target.logs(live.slot)]
    with pytest.raises(UsageError):
        target.logs("nobody")


@pytest.mark.slow
def test_a_restart_keeps_the_release_and_the_traffic(house: AnyHouse) -> None:
    before = house.target.facts()
    name = house.target.restart()
    old = identities(before.slots[name])
    house.until(lambda: (slot := house.target.facts().slots[name]).ready and not old & identities(slot), 60)
    assert house.target.facts().live == before.live


@pytest.mark.slow
def test_what_is_down_says_so_and_comes_back(house: AnyHouse) -> None:
    target, serving = house.target, house.ask()["digest"]
    assert target.down()
    assert not target.down()
    assert not target.status().running
    with pytest.raises(Failed):
        target.facts()
    live = target.live()
    assert live is not None
    assert live.digest == serving
    target.ensure()
    house.until(lambda: target.facts().live)
    assert house.ask()["digest"] == serving


def test_the_kind_is_that_of_the_document(tmp_path: Path, content: Any) -> None:
    environment: Environment = content.environment
    assert table.kind_of(tmp_path, environment, tmp_path) == "local"
    document = tmp_path / "configs/environments/far.yaml"
    document.parent.mkdir(parents=True)
    document.write_text("target: {type: balloon}")
    with pytest.raises(UsageError, match="no kind of target 'balloon'"):
        table.target(tmp_path, "far", tmp_path)
    document.write_text("[")
    assert table.kind_of(tmp_path, "far", tmp_path) == "local"
