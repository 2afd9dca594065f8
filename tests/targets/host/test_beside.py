"""A process beside the slots: killed when it does not end, started ever less often when it keeps ending, gone where the
release wants none."""

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mooring.spec.chat import PLATFORMS
from mooring.targets.host import beside, folders, requirements
from mooring.targets.host.beside import CHAT, MONITOR, Beside
from mooring.targets.host.memory import Memory
from mooring.targets.host.requirements import Requirements

DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
IDLE = "import time; time.sleep(600)"
DEAD = "print('dead', flush=True)"
ONE, TWO = "sha256:one", "sha256:two"


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory(tmp_path / "supervisor.json")


@pytest.fixture
def kept() -> Iterator[list[Beside]]:
    """What is in it ends with the test."""
    all_of_them: list[Beside] = []
    yield all_of_them
    for each in all_of_them:
        for process in (each._process, *(one for _told, one in each._ending)):
            if process:
                process.kill()
                process.wait()
        if each._socket:
            each._socket.close()


def release(state: Path, digest: str, document: dict[str, object] | None, **target: object) -> None:
    """As much of a stored release as is read of it."""
    file = folders.release_file(state, digest)
    file.parent.mkdir(exist_ok=True)
    rollout = {"drainSeconds": 1, "warm": {"hours": 1}}
    environment = {"rollout": rollout, "endpoints": "real", "services": {}, "serving": {}, "tier": "development"}
    environment |= {"target": target, "chat": "chat"}
    file.write_text(json.dumps({"environment": environment, "chats": {"chat": document} if document else {}}))


@pytest.mark.slow
def test_one_that_does_not_end_is_killed_in_the_end(
    tmp_path: Path, memory: Memory, kept: list[Beside], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "ENDING", 0.5)
    one = Beside(MONITOR, tmp_path, tmp_path, "local", memory, (sys.executable, "-c", DEAF))
    kept.append(one)
    one.ensure(None, True, os.environ)
    process = one._process
    assert process
    until(lambda: "deaf" in (tmp_path / "monitor.log").read_text())
    one.stop()
    time.sleep(0.2)
    assert process.poll() is None
    one._next = time.monotonic() + 60  # no other one

    def killed() -> bool:
        one.ensure(None, True, os.environ)
        return process.poll() is not None

    until(killed)


def test_one_that_keeps_ending_is_started_ever_less_often_until_something_changes(
    tmp_path: Path, memory: Memory, kept: list[Beside], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beside, "AGAIN", 0.01)
    one = Beside(MONITOR, tmp_path, tmp_path, "local", memory, (sys.executable, "-c", DEAD))
    kept.append(one)
    waits = []

    def ended() -> None:
        one._next = 0.0  # as if the time had passed
        one.ensure(None, True, os.environ)
        assert one._process
        one._process.wait()
        one._ended(one._process)
        waits.append(one._next - one._started)

    for _ in range(5):
        ended()
    assert waits == pytest.approx([0.01, 0.02, 0.04, 0.08, 0.16])
    one._soon = 100
    ended()
    assert waits[-1] == pytest.approx(beside.SELDOM)

    def started() -> bool:
        one.ensure(None, True, {**os.environ, "SECRET": "now there"})
        return one._process is not None

    until(started)


def test_the_door_of_chat_runs_where_a_platform_is_connected_and_nowhere_else(
    tmp_path: Path, memory: Memory, kept: list[Beside]
) -> None:
    door = Beside(CHAT, tmp_path, tmp_path, "local", memory, (sys.executable, "-c", IDLE))
    kept.append(door)
    release(tmp_path, ONE, {"slack": {"token": "env:TOKEN"}, "github": None})
    release(tmp_path, TWO, {"slack": None})
    door.ensure(ONE, True, os.environ)
    assert door.url
    assert door._process
    port = memory.ports["chat"]
    assert door.url.endswith(f":{port}")
    door.ensure(TWO, True, os.environ)
    assert not door.url
    assert vars(door)["_process"] is None

    def listens() -> bool:
        door.ensure(ONE, True, os.environ)
        return door.url is not None

    until(listens)
    assert door.url == f"http://127.0.0.1:{port}"


def test_the_door_of_chat_is_where_the_environment_says(tmp_path: Path, memory: Memory, kept: list[Beside]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    release(tmp_path, ONE, {"discord": {"public_key": "00"}}, chat=f"127.0.0.1:{port}")
    door = Beside(CHAT, tmp_path, tmp_path, "local", memory, (sys.executable, "-c", DEAF))
    kept.append(door)
    door.ensure(ONE, True, os.environ)
    assert door.url == f"http://127.0.0.1:{port}"


def test_every_platform_of_the_document_makes_a_door(tmp_path: Path) -> None:
    assert requirements.PLATFORMS == PLATFORMS
    for platform in PLATFORMS:
        release(tmp_path, ONE, {platform: {"one": "value"}})
        assert Requirements.read(folders.release_file(tmp_path, ONE)).chat == "127.0.0.1:0"
    release(tmp_path, ONE, None)
    assert Requirements.read(folders.release_file(tmp_path, ONE)).chat is None


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
