"""Two supervisors on one PostgreSQL, each with a state folder, a port and slots of its own."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest

from mooring.main import main
from tests.endtoend.conftest import until
from tests.postgres import Cluster
from tests.repository import Repo, copied, surrounded

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

VARIABLE = "MACHINES_DATABASE"
SLOW = 4.0
"""Seconds that a model takes to answer."""
WITHIN = 45.0
"""Seconds within which a run of a lost machine is ended: its lease has to be over first."""


@dataclass
class Machine:
    """One state folder."""

    repo: Repo
    state: Path
    capture: Callable[[], Any]

    def moor(self, *words: str) -> Any:
        """The one object that a command prints on this machine."""
        self.capture()
        with surrounded(), pytest.MonkeyPatch.context() as patch:
            patch.setenv("MOORING_STATE", str(self.state))
            code = main(["-C", str(self.repo.root), "--json", *words])
        out, err = self.capture()
        assert code == 0, out + err
        return json.loads(out)

    def status(self) -> dict[str, Any]:
        return dict(self.moor("status", "local")["environments"][0])

    def http(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.status()["url"], timeout=60, trust_env=False)

    def live(self) -> str | None:
        side = self.status()["live"]
        return side["digest"] if side else None

    def kill(self) -> None:
        """Ends every process of this machine at once."""
        for process in psutil.process_iter(["cmdline"]):
            words = [Path(word) for word in process.info["cmdline"] or ()]
            if any(word == self.state or self.state in word.parents for word in words):
                process.kill()


@pytest.fixture
def pair(
    tmp_path: Path, cluster: Cluster, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Machine, Machine]]:
    """The first one has deployed; the second one was only told where the database is."""
    monkeypatch.setenv(VARIABLE, cluster.fresh())
    repo = copied(tmp_path)
    document = repo.root / "configs/environments/local.yaml"
    document.write_text(f'{document.read_text()}database: {{secretRef: "env:{VARIABLE}"}}\n')
    repo.edit("configs/environments/local.yaml", "deadlineSeconds: 30", "deadlineSeconds: 100")
    repo.commit("one database")
    a, b = (Machine(repo, tmp_path / name, capsys.readouterr) for name in ("a", "b"))
    try:
        assert a.moor("up", "local")["reason"] == "deployed"
        yield a, b
    finally:
        for machine in (a, b):
            with surrounded(), monkeypatch.context() as patch:
                patch.setenv("MOORING_STATE", str(machine.state))
                main(["-C", str(repo.root), "--json", "down", "local"])


def test_a_new_machine_comes_up_with_what_is_live_and_shares_everything_with_the_first(
    pair: tuple[Machine, Machine],
) -> None:
    a, b = pair
    receipts = len(a.moor("history", "local")["entries"])
    assert b.moor("up", "local")["reason"] == "in-sync"
    assert [entry["event"]["event"] for entry in a.moor("history", "local")["entries"]].count("switched") == 1
    assert len(a.moor("history", "local")["entries"]) - receipts <= 1
    assert a.live() == b.live()
    with a.http() as first, b.http() as second:
        body = {"message": "I want to speak to a human, my address is ann@example.com", "conversation": "notes"}
        run = first.post("/agents/support/runs?wait=true", json=body).json()["id"]
        assert second.get(f"/runs/{run}").json()["status"] == "done"
        assert second.get("/conversations/notes").json()["messages"]
    a.repo.edit("prompts/shared/tone.yaml", "version: 1.", "version: 2.")
    a.repo.commit("tone")
    new = b.moor("deploy", "local")["digest"]
    assert b.live() == new
    until(lambda: a.live() == new, 60)
    assert a.moor("rollback", "local", "--no-writeback")["previous"] == new
    until(lambda: b.live() == a.live() != new, 60)
    assert b.moor("release", "verify", new)["digest"] == new


def test_a_run_of_a_machine_that_is_killed_with_all_its_slots_is_ended_by_the_other(
    pair: tuple[Machine, Machine],
) -> None:
    a, b = pair
    b.moor("up", "local")
    for machine in (a, b):
        machine.moor("simulate", "fault", "latency", "--provider", "openai", "--seconds", str(SLOW))
    with a.http() as http:
        body = {"message": "Where is order A-1001?"}
        runs = [http.post("/agents/support/runs", json=body).json()["id"] for _ in range(3)]
        until(lambda: all(http.get(f"/runs/{run}").json()["status"] == "running" for run in runs))
    a.kill()
    killed = time.monotonic()

    def ended() -> list[dict[str, Any]]:
        found = [http.get(f"/runs/{run}").json() for run in runs]
        return found if all(run["status"] == "done" for run in found) else []

    with b.http() as http:
        found = until(ended, WITHIN + 2 * SLOW)
    print(f"killed to ended: {time.monotonic() - killed:.1f} s")
    assert [run["resumed"] for run in found] == [1] * 3
