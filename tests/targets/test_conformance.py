"""What every kind of target does, whatever it runs on. A new kind gets a row in STARTED and passes the same tests."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused, UsageError
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Terms
from mooring.spec.environment import Environment
from mooring.targets import table
from mooring.targets.protocol import Target
from tests.targets.local.conftest import House, open_house

STARTED: dict[str, Callable[[Path, Any], House]] = {"local": open_house}
"""Makes an environment of a kind that can be deployed to."""


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
