"""Whatever is killed, and whenever: traffic is served, the ledger is whole, and the next deployment works."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mooring.release.release import Release
from mooring.rollout.state import Phase, other
from tests.postgres import Cluster
from tests.targets.local.conftest import open_house

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


@pytest.mark.parametrize("transitions", [1, 5])
def test_so_it_is_with_the_ledger_in_postgresql(
    tmp_path: Path, release: Make, cluster: Cluster, transitions: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE_URL", cluster.fresh())
    there = {"environment.database": {"secretRef": "env:STATE_URL"}}
    house = open_house(tmp_path, release("one", **there))
    # No document is there, so what the folder remembers is all that a supervisor has.
    house.ledger.location.remember()
    try:
        house.deploy(release("one", **there))
        house.deploy_killed(release("two", **there), transitions)
        house.until(lambda: house.at_rest(), 60)
        assert house.ask()["digest"] == release("two" if transitions >= 4 else "one", **there).digest
        house.sound()
        assert house.deploy(release("two", **there)).kind in ("deploy", "no-op")
        assert house.rollback().kind == "rollback"
        assert not (house.local.state / "state.db").exists()
    finally:
        house.local.down()
        house.ledger.close()


def test_the_next_deployment_needs_no_supervisor_to_clean_up_first(shared: Any, release: Make) -> None:
    shared.deploy_killed(release("left alone"), 2)
    receipt = shared.deploy(release("right after"))
    assert (receipt.kind, receipt.digest) == ("deploy", release("right after").digest)
    shared.sound()


@pytest.mark.parametrize("who", ["supervisor", "old slot", "new slot"])
@pytest.mark.parametrize("phase", [Phase.STAGING, Phase.BAKING])
def test_a_process_killed_under_a_deployment_costs_no_traffic(
    shared: Any, release: Make, who: str, phase: Phase
) -> None:
    before = shared.local.facts().live
    new = release(f"slow, {who} killed while {phase}", **{"environment.rollout.bakeSeconds": 1.5})
    slots = {"old slot": before.slot, "new slot": other(before.slot), "supervisor": "supervisor"}
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(shared.deploy_apart, new)
        shared.until(lambda: shared.ledger.state("local").phase is phase)
        shared.until(lambda: shared.local.facts().slots[other(before.slot)].digest == new.digest)
        shared.kill(slots[who])
    shared.local.ensure()
    shared.until(lambda: shared.at_rest())
    bad = (who, phase) == ("new slot", Phase.BAKING)
    assert outcome.result() == ("bake-failed" if bad else "deploy")
    assert shared.ask()["digest"] == (before.digest if bad else new.digest)
    shared.sound()
