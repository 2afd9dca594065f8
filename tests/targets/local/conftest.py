"""An environment of real processes, with a light app in its slots."""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mooring.release.release import Release
from mooring.rollout.ledger import Ledger
from mooring.state.place.location import locate
from mooring.targets.local.target import Local
from tests.targets.house import AnyHouse, Load, loaded

HERE = Path(__file__).parent
LIGHT = (sys.executable, str(HERE / "light_supervisor.py"))
SOURCES = str(HERE.parents[2] / "scripts")
os.environ["PYTHONPATH"] = SOURCES


@dataclass
class House(AnyHouse):
    """One environment of this machine, and its ledger."""

    target: Local

    @property
    def local(self) -> Local:
        return self.target

    def kill(self, name: str) -> int:
        """kill -9 of a slot or the supervisor; its process id."""
        status = self.local.status()
        pid = status.supervisor if name == "supervisor" else status.facts.slots[name].pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def kill_worker(self, slot: str) -> str | int | None:
        pid = self.local.facts().slots[slot].workers[-1].pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def why(self) -> Any:
        return self.local.logs("supervisor", 20)


def open_house(folder: Path, release: Release) -> House:
    state = folder / "state"
    local = Local(folder, release.content.environment, state, LIGHT)
    local.ensure()
    local.put(release)
    return House(local, Ledger(locate(folder, release.content.environment, state)))


@pytest.fixture
def house(tmp_path: Path, release: Callable[..., Release]) -> Iterator[House]:
    """Nothing is live yet."""
    opened = open_house(tmp_path, release("one"))
    yield opened
    opened.local.down()
    opened.ledger.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, release: Callable[..., Release]) -> Iterator[House]:
    """One house for a module of tests that leave it serving, with a warm standby."""
    opened = open_house(tmp_path_factory.mktemp("house"), release("one"))
    opened.deploy(release("one"))
    opened.deploy(release("two"))
    yield opened
    opened.local.down()
    opened.ledger.close()


@pytest.fixture
def under_load() -> Callable[[House, Callable[[], Any]], Load]:
    """`loaded`."""
    return loaded
