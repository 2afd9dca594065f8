"""Whatever is killed, and whenever: traffic is served, the ledger is whole, and the next deployment works."""

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Stopped
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Phase, State, other
from tests.postgres import Cluster
from tests.targets.local.conftest import open_house

pytestmark = pytest.mark.slow

Make = Callable[..., Release]
LIGHT_DEPLOY = Path(__file__).with_name("light_deploy.py")


def at_rest(house: Any) -> State | None:
    state: State = house.ledger.state("local")
    return state if state.phase is Phase.IDLE else None


def whole(house: Any) -> None:
    """The ledger verifies, and says what is true."""
    house.ledger.verify()
    live = house.local.facts().live
    assert house.ledger.state("local").live == live
    assert house.ask() == {"slot": live.slot, "digest": live.digest}


def killed_after(house: Any, release: Release, transitions: int) -> None:
    """A deployment in a process of its own that ends by kill -9."""
    house.local.put(release)
    command = [sys.executable, LIGHT_DEPLOY, house.local.root, house.local.state, release.digest, str(transitions)]
    command += filter(None, [house.ledger.location.reference])
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == -9


@pytest.mark.parametrize("transitions", range(1, 7))
def test_a_deploying_process_killed_after_any_transition_is_cleaned_up_by_the_supervisor(
    shared: Any, release: Make, under_load: Any, transitions: int
) -> None:
    before, new = shared.ask()["digest"], release(f"killed after {transitions}")

    def work() -> None:
        killed_after(shared, new, transitions)
        shared.until(lambda: at_rest(shared))

    load = under_load(shared, work)
    assert load.errors == []
    assert shared.ask()["digest"] == (new.digest if transitions >= 4 else before)
    whole(shared)


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
        killed_after(house, release("two", **there), transitions)
        house.until(lambda: at_rest(house), 60)
        assert house.ask()["digest"] == release("two" if transitions >= 4 else "one", **there).digest
        whole(house)
        assert house.deploy(release("two", **there)).kind in ("deploy", "no-op")
        assert house.rollback().kind == "rollback"
        assert not (house.local.state / "state.db").exists()
    finally:
        house.local.down()
        house.ledger.close()


def test_the_next_deployment_needs_no_supervisor_to_clean_up_first(shared: Any, release: Make) -> None:
    killed_after(shared, release("left alone"), 2)
    receipt = shared.deploy(release("right after"))
    assert (receipt.kind, receipt.digest) == ("deploy", release("right after").digest)
    whole(shared)


@pytest.mark.parametrize("who", ["supervisor", "old slot", "new slot"])
@pytest.mark.parametrize("phase", [Phase.STAGING, Phase.BAKING])
def test_a_process_killed_under_a_deployment_costs_no_traffic(
    shared: Any, release: Make, who: str, phase: Phase
) -> None:
    before = shared.local.facts().live
    new = release(f"slow, {who} killed while {phase}", **{"environment.rollout.bakeSeconds": 1.5})
    slots = {"old slot": before.slot, "new slot": other(before.slot), "supervisor": "supervisor"}
    with ThreadPoolExecutor(1) as pool:
        outcome = pool.submit(deploy_apart, shared, new)
        shared.until(lambda: shared.ledger.state("local").phase is phase)
        shared.until(lambda: shared.local.facts().slots[other(before.slot)].digest == new.digest)
        shared.kill(slots[who])
    shared.local.ensure()
    shared.until(lambda: at_rest(shared))
    bad = (who, phase) == ("new slot", Phase.BAKING)
    assert outcome.result() == ("bake-failed" if bad else "deploy")
    assert shared.ask()["digest"] == (before.digest if bad else new.digest)
    whole(shared)


def deploy_apart(house: Any, release: Release) -> str:
    """How a deployment in another thread ended."""
    ledger = Ledger(house.ledger.location)
    try:
        return driver.deploy(house.local, ledger, driver.Request(release, "ann"), house.said.append).kind
    except Stopped as stopped:
        return stopped.reason
    finally:
        ledger.close()
