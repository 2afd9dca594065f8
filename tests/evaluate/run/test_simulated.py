"""The simulator of an evaluation: its own process, one moment, and a world for each run."""

import time
from pathlib import Path

import httpx2
import psutil
import pytest

from mooring.errors import Failed
from mooring.evaluate.simulated import Simulator
from mooring.simulator.services.database import Database
from mooring.simulator.services.worlds import MOST, RUN, Worlds
from tests.repository import CONTENT

ROOT = Path(__file__).parents[3]


@pytest.mark.slow
def test_no_run_sees_what_another_did_and_time_stands_still(tmp_path: Path) -> None:
    with Simulator(CONTENT / "evals/simulator", tmp_path) as simulator, httpx2.Client(base_url=simulator.url) as client:

        def order(run: str) -> httpx2.Response:
            return client.get("/services/shop/orders/A-1001", headers={"x-mooring-run": run})

        def refund(run: str) -> httpx2.Response:
            headers = {"x-mooring-run": run, "idempotency-key": "refund-A-1001"}
            return client.post("/services/shop/orders/A-1001/refunds", headers=headers, json={"reason": "damaged"})

        assert order("one").json()["status"] == "delivered"
        assert refund("one").json()["refundedOn"] == "2026-01-15"
        assert order("one").json()["status"] == "refunded"
        assert order("two").json()["status"] == order("").json()["status"] == "delivered"
        assert "idempotent-replay" not in refund("two").headers
        assert refund("two").headers["idempotent-replay"] == "true"


def test_worlds_that_nobody_uses_any_more_are_removed(tmp_path: Path) -> None:
    worlds = Worlds(tmp_path / "services.db")
    Database(worlds.path).prepare()
    for number in range(MOST + 5):
        RUN.set(f"run/{number}")
        with worlds.transaction() as connection:
            assert connection.execute("SELECT count(*) FROM records").fetchone() == (0,)
    RUN.set("")
    assert len(list(tmp_path.glob("world-*.db"))) == MOST


@pytest.mark.slow
def test_it_ends_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    simulator = Simulator(CONTENT / "evals/simulator", tmp_path)
    assert simulator.url
    process = psutil.Process(simulator._process.pid)
    simulator._process.connection.close()
    until = time.monotonic() + 10
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
        time.sleep(0.02)
    assert simulator._process.ended


def test_rules_that_are_wrong_are_said_in_one_line(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "0.yaml").write_text("nonsense: true\n")
    with Simulator(rules, tmp_path / "state") as simulator, pytest.raises(Failed, match="does not start"):
        assert simulator.url
