"""What every kind of target does, whatever it runs on and however many workers a slot has.

A new kind gets a row in STARTED and passes the same tests.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.rollout.state import SLOTS, Side, other
from mooring.rollout.target import SlotFacts, Terms
from mooring.spec.environment import Environment
from mooring.targets import table
from mooring.targets.protocol import Target
from tests.targets.local.conftest import House, loaded, open_house

STARTED: dict[str, Callable[[Path, Any], House]] = {"local": open_house}
"""Makes an environment of a kind that can be deployed to."""


@pytest.fixture(scope="module", params=[1, 2], ids=["one worker", "two workers"])
def workers(request: Any) -> int:
    """Of a slot."""
    return int(request.param)


@pytest.fixture(scope="module")
def release(release: Any, workers: int) -> Any:
    """A release whose slots have so many workers."""
    return partial(release, **{"environment.serving.workers": workers})


@pytest.fixture(scope="module", params=sorted(table.KINDS))
def house(request: Any, tmp_path_factory: pytest.TempPathFactory, release: Any) -> Iterator[House]:
    """An environment in which `one` is live."""
    opened = STARTED[request.param](tmp_path_factory.mktemp(request.param), release("one"))
    opened.deploy(release("one"))
    yield opened
    opened.local.down()
    opened.ledger.close()


@pytest.fixture
def target(house: House) -> Target:
    return house.local


def whole(house: House) -> SlotFacts:
    """The live slot, once all its workers accept."""

    def found() -> SlotFacts | None:
        slot = house.local.facts().slots[house.live]
        return slot if slot.ready and all(worker.accepting for worker in slot.workers) else None

    slot: SlotFacts = house.until(found)
    return slot


def test_what_is_live_is_running_and_ready(target: Target, release: Any) -> None:
    status, live = target.status(), target.live()
    assert (status.running, live and live.digest) == (True, release("one").digest)
    facts = target.facts()
    assert facts.live is not None
    assert facts.slots.keys() == set(SLOTS)
    assert facts.slots[facts.live.slot].ready


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
def test_deployments_and_flips_under_load_lose_nothing_and_the_receipt_says_so(house: House, release: Any) -> None:
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


def test_a_release_is_made_ready_beside_the_live_one(house: House, release: Any, workers: int) -> None:
    target, before = house.local, whole(house)
    idle = other(house.live)
    target.put(release("slow two"))
    target.stage(Side(idle, release("slow two").digest), 1000)
    house.until(lambda: target.facts().slots[idle].ready)
    slot = target.facts().slots[idle]
    assert [(worker.ready, worker.accepting) for worker in slot.workers] == [(True, False)] * workers
    assert whole(house).digest == before.digest
    target.discard(Side(idle, release("slow two").digest), 1000, None)
    house.until(lambda: target.facts().slots[idle].digest is None)


def test_a_killed_process_costs_what_it_was_answering_and_no_more(house: House, workers: int) -> None:
    before = whole(house)
    killed = before.workers[-1].pid
    assert killed

    def work() -> None:
        os.kill(killed, signal.SIGKILL)
        house.until(lambda: house.local.facts().slots[house.live].workers[-1].pid not in (killed, None))
        whole(house)

    load, after = loaded(house, work), whole(house)
    others = [worker.pid for worker in before.workers[:-1]]
    assert [worker.pid for worker in after.workers[:-1]] == others
    assert sum(worker.restarts for worker in after.workers[:-1]) == 0
    assert after.workers[-1].restarts > 0
    lost = after.totals["lost"] - before.totals["lost"]
    assert lost <= len(load.errors) <= 16
    assert after.totals["answered"] - before.totals["answered"] >= len(load.answers)


@pytest.mark.slow
def test_a_process_at_its_memory_limit_is_replaced_alone_and_nothing_is_lost(house: House) -> None:
    before, full = whole(house), dict[str, Any]()

    def work() -> None:
        full.update(house.get("/fill"))
        number = full["worker"] - 1
        house.until(lambda: house.local.facts().slots[house.live].workers[number].pid not in (full["pid"], None))
        time.sleep(0.3)

    assert loaded(house, work).errors == []
    after = whole(house)
    changed = [
        worker.number for was, worker in zip(before.workers, after.workers, strict=True) if was.pid != worker.pid
    ]
    assert changed == [full["worker"]]
    assert (after.totals["lost"], after.restarts) == (before.totals["lost"], before.restarts)


@pytest.mark.slow
def test_a_restart_under_load_loses_nothing(house: House) -> None:
    before = {worker.pid for worker in whole(house).workers}

    def work() -> None:
        house.local.restart()
        house.until(lambda: not before & {worker.pid for worker in whole(house).workers})

    assert loaded(house, work).errors == []


def test_logs_are_read_and_followed(target: Target) -> None:
    live = target.facts().live
    assert live is not None
    lines = target.logs(live.slot, 5)
    assert lines
    assert next(target.follow(live.slot, 1)).strip() == lines[-1].strip()
    with pytest.raises(UsageError):
        target.logs("nobody")


def test_a_restart_keeps_the_release_and_the_traffic(house: House) -> None:
    before = house.local.facts()
    name = house.local.restart()
    house.until(lambda: (slot := house.local.facts().slots[name]).ready and slot.pid != before.slots[name].pid)
    assert house.local.facts().live == before.live


def test_what_is_down_says_so_and_comes_back(house: House, release: Any) -> None:
    target: Target = house.local
    assert target.down()
    assert not target.down()
    assert not target.status().running
    with pytest.raises(Failed):
        target.facts()
    live = target.live()
    assert live is not None
    assert live.digest == release("one").digest
    target.ensure()
    house.until(lambda: target.facts().live)


def test_the_kind_is_that_of_the_document(tmp_path: Path, content: Any) -> None:
    environment: Environment = content.environment
    assert table.kind_of(tmp_path, environment) == "local"
    document = tmp_path / "configs/environments/far.yaml"
    document.parent.mkdir(parents=True)
    document.write_text("target: {type: balloon}")
    with pytest.raises(UsageError, match="no kind of target 'balloon'"):
        table.target(tmp_path, "far", tmp_path)
    document.write_text("[")
    assert table.kind_of(tmp_path, "far") == "local"
