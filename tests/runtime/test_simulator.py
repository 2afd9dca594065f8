"""The repository's own agents answer with the simulator behind them: documents, release, models and tools together."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.release.resolve import resolve
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.repository import CONTENT
from tests.runtime.hosting import Serving

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The local environment's release, served."""
    state = tmp_path_factory.mktemp("state")
    announced = state / "simulator.json"
    flags = {"rules": CONTENT / "evals/simulator", "state": state / "simulator", "port": 0, "announce": announced}
    command = [sys.executable, "-m", "mooring.simulator", *(str(x) for k, v in flags.items() for x in (f"--{k}", v))]
    simulator = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")})
    try:
        end = time.monotonic() + 20
        while not announced.exists():
            assert simulator.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        settings = Settings("blue", state, json.loads(announced.read_text())["url"])
        serving = Serving(create_app(resolve(load_valid(WorkTree(CONTENT)), "local"), settings)).start()
        yield serving
        serving.stop()
    finally:
        simulator.terminate()
        simulator.wait()


def said(answer) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-mooring-rung"] == "L0"
    text: str = answer.json()["choices"][0]["message"]["content"]
    return text


@pytest.mark.slow
def test_support_finds_an_order_with_its_tool(shop: Serving) -> None:
    assert "A-1001" in said(shop.chat("Where is my order A-1001?"))


@pytest.mark.slow
def test_a_refund_waits_for_a_person_and_is_then_paid(shop: Serving) -> None:
    answer = shop.chat("Please refund my order A-1001.")
    assert answer.json()["mooring"]["status"] == "awaiting-approval", answer.text
    run = shop.http.post(f"/runs/{answer.headers['x-mooring-run']}/approve?wait=true").json()
    assert run["status"] == "done"
    assert [call["outcome"] for call in run["tool_calls"] if call["name"] == "refund_order"] == ["done"]


@pytest.mark.slow
def test_incident_reads_metrics(shop: Serving) -> None:
    assert "sev" in said(shop.chat("The error rate of checkout is high.", agent="incident"))


def test_every_probe_of_the_environment_is_answered_as_expected(shop: Serving) -> None:
    for probe in shop.runtime.release.content.environment.rollout.probes:
        assert re.search(probe.expect, said(shop.chat(probe.say, agent=probe.agent)))
