"""What a supervisor remembers is read by the versions before and after it, and moved by nobody but a supervisor."""

import json
from pathlib import Path

import pytest

from mooring.targets.host.memory import WATCHED, Memory


@pytest.fixture
def path(tmp_path: Path) -> Path:
    memory = Memory(
        tmp_path / "supervisor.json", listen="127.0.0.1:1", token=7, simulator_port=2, ports={"monitor": 3, "chat": 4}
    )
    memory.slots["blue"].digest = "sha256:1"
    memory.slots["blue"].worker(2).pid = 5
    memory.tallies.restarts["blue"] = 4
    memory.switch("blue")
    return memory.path


def test_everything_is_remembered(path: Path) -> None:
    memory = Memory.load(path)
    assert (memory.listen, memory.live, memory.token) == ("127.0.0.1:1", "blue", 7)
    assert (memory.simulator_port, memory.ports) == (2, {"monitor": 3, "chat": 4})
    assert (memory.slots["blue"].digest, memory.slots["blue"].worker(2).pid) == ("sha256:1", 5)
    assert (memory.tallies.switches, memory.tallies.restarts) == (1, {"blue": 4, "green": 0})
    before = memory.machine, memory.tallies
    memory.save()
    assert (Memory.load(path).machine, Memory.load(path).tallies) == before


def test_a_version_before_finds_the_keys_that_it_knows_and_no_other(path: Path) -> None:
    data = json.loads(path.read_text())
    assert data.keys() == {"listen", "live", "token", "simulator_port", "machine", "slots"}
    assert data["slots"]["blue"].keys() == {"digest", "idle_since", "workers"}
    assert data["slots"]["blue"]["workers"][1].keys() == {"pid", "totals"}


def test_what_a_version_after_added_is_passed_over(path: Path) -> None:
    data = json.loads(path.read_text())
    data["more"] = data["slots"]["blue"]["more"] = data["slots"]["blue"]["workers"][0]["more"] = {}
    path.write_text(json.dumps(data))
    watched = json.loads(path.with_name(WATCHED).read_text())
    watched["more"] = watched["tallies"]["more"] = 1
    path.with_name(WATCHED).write_text(json.dumps(watched))
    memory = Memory.load(path, put_aside=True)
    assert (memory.live, memory.token, memory.ports["monitor"], memory.tallies.switches) == ("blue", 7, 3, 1)
    assert not path.with_suffix(".unreadable").exists()


@pytest.mark.parametrize("text", ["{", "[1]", '{"slots": {}}', '{"slots": {"blue": 1, "green": 2}}'])
def test_whoever_looks_leaves_a_file_that_cannot_be_read_where_it_is(path: Path, text: str) -> None:
    path.write_text(text)
    assert Memory.load(path).live is None
    assert path.read_text() == text
    assert Memory.load(path, put_aside=True).live is None
    assert path.with_suffix(".unreadable").read_text() == text


def test_counts_that_cannot_be_read_or_written_cost_nothing_else(path: Path) -> None:
    path.with_name(WATCHED).write_text('{"monitor_port": 3, "tallies": []}')
    memory = Memory.load(path, put_aside=True)
    assert (memory.live, memory.tallies.switches) == ("blue", 0)
    (path.parent / "watched.new").mkdir()
    memory.switch("green")
    assert Memory.load(path).live == "green"
