"""Who may act when: recovery, rollbacks, and a supervisor or a simulator that died."""

import json
import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.request import urlopen

import pytest

from mooring.errors import Refused
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from tests.repository import CONTENT

pytestmark = pytest.mark.slow

Make = Callable[..., Release]


def test_a_rollback_needs_no_supervisor_that_lives(shared: Any, release: Make) -> None:
    before = shared.ask()["digest"]
    shared.kill("supervisor")
    receipt = shared.rollback()
    assert (receipt.kind, receipt.previous, receipt.digest) == ("rollback", before, release("one").digest)
    assert shared.ask()["digest"] == release("one").digest


def test_a_deployment_waits_for_a_recovery_and_says_so(shared: Any, release: Make) -> None:
    held = lease.acquire(shared.ledger, "local", "supervisor", "recover")

    def give_back() -> None:
        time.sleep(0.5)
        ledger = Ledger(shared.ledger.location)
        lease.release(ledger, held)
        ledger.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(give_back)
        assert shared.deploy(release("three")).kind == "deploy"
    assert any("waiting for the supervisor" in line for line in shared.said)


def test_nothing_is_stopped_under_a_deployment(shared: Any) -> None:
    held = lease.acquire(shared.ledger, "local", "ann", "deploy")
    for order in (shared.local.down, lambda: shared.local.restart("blue")):
        with pytest.raises(Refused, match="local is locked: deploy by ann") as refused:
            order()
        assert refused.value.reason is Reason.LOCKED
    lease.release(shared.ledger, held)
    assert shared.ask()


def test_a_simulator_that_died_comes_back_where_it_was(house: Any, release: Make) -> None:
    rules = house.local.root / "evals" / "simulator"
    rules.parent.mkdir()
    rules.symlink_to(CONTENT / "evals" / "simulator")
    simulated = {"environment.endpoints": "simulated"}
    house.deploy(release("simulated", **simulated))
    url = house.local.status().simulator
    announced = json.loads((house.local.state / "simulator.json").read_text())
    assert announced["url"] == url
    os.kill(announced["pid"], signal.SIGKILL)

    def answers() -> bool:
        try:
            with urlopen(f"{url}/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    house.until(answers)
    assert json.loads((house.local.state / "simulator.json").read_text())["pid"] != announced["pid"]
