"""Models that this machine serves: started where nobody serves them, kept, taken over, and ended. Theirs is light."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mooring.errors import Failed
from mooring.local_model.environment import SERVE
from mooring.outcome import Reason
from mooring.targets.host.requirements import Requirements, Weights
from mooring.targets.local import models
from mooring.targets.local.models import ModelServers, serves

LIGHT = (sys.executable, str(Path(__file__).with_name("light_model.py")), str(SERVE))
Keep = Callable[..., None]


@pytest.fixture
def small() -> Weights:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    return Weights("local/small", "small-1", f"http://127.0.0.1:{port}/v1", "smollm2-135m-instruct", 1024)


@pytest.fixture
def servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelServers]:
    monkeypatch.setattr(models, "AGAIN", 0.05)
    monkeypatch.setattr(models, "LOOKING", 0.0)
    kept = ModelServers(tmp_path, LIGHT)
    yield kept
    kept.stop()


def look(servers: ModelServers, *called: Weights) -> None:
    asyncio.run(servers.keep(lambda: called))


def pid_of(servers: ModelServers) -> int:
    (told,) = servers.data().values()
    assert isinstance(told["pid"], int)
    return told["pid"]


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_that_nobody_serves_is_started_and_answers_at_once_afterwards(
    servers: ModelServers, small: Weights
) -> None:
    asyncio.run(servers.ensure([small]))
    assert serves(small)
    assert servers.data() == {"local/small": {"url": small.url, "pid": pid_of(servers), "state": "runs"}}


def test_one_that_died_is_started_again(servers: ModelServers, small: Weights) -> None:
    asyncio.run(servers.ensure([small]))
    killed = pid_of(servers)
    os.kill(killed, signal.SIGKILL)

    def back() -> bool:
        look(servers, small)
        return serves(small)

    until(back)
    assert pid_of(servers) != killed


def test_it_outlives_its_supervisor_and_the_next_one_ends_it(
    servers: ModelServers, small: Weights, tmp_path: Path
) -> None:
    asyncio.run(servers.ensure([small]))
    successor = ModelServers(tmp_path, LIGHT)
    asyncio.run(successor.ensure([small]))
    assert pid_of(successor) == pid_of(servers)
    ModelServers(tmp_path, LIGHT).stop()
    until(lambda: not serves(small))


def test_one_that_no_release_calls_any_more_ends(servers: ModelServers, small: Weights) -> None:
    asyncio.run(servers.ensure([small]))
    look(servers)
    assert not serves(small)
    assert servers.data() == {}


def test_other_weights_at_the_same_port_replace_it(servers: ModelServers, small: Weights) -> None:
    asyncio.run(servers.ensure([small]))
    before = pid_of(servers)
    other = replace(small, id="small-2")
    asyncio.run(servers.ensure([other]))
    assert serves(other)
    look(servers, small, other)
    assert pid_of(servers) != before
    assert serves(other), "while both slots want the port, who came last has it"


def test_somebody_elses_server_is_used_and_left_alone(servers: ModelServers, small: Weights, tmp_path: Path) -> None:
    port = small.url.split(":")[2].removesuffix("/v1")
    with subprocess.Popen([*LIGHT, "--id", small.id, "--port", port]) as theirs:
        until(lambda: serves(small))
        asyncio.run(servers.ensure([small]))
        assert servers.data()["local/small"] == {
            "url": small.url,
            "pid": None,
            "state": "is served by somebody else",
        }
        servers.stop()
        assert serves(small)
        asyncio.run(servers.ensure([small]))
        theirs.terminate()
        theirs.wait()

    def taken_over() -> bool:
        look(servers, small)
        return serves(small)

    until(taken_over)
    assert pid_of(servers) != theirs.pid


def test_a_server_with_another_model_is_refused_in_a_line(servers: ModelServers, small: Weights) -> None:
    port = small.url.split(":")[2].removesuffix("/v1")
    with subprocess.Popen([*LIGHT, "--id", "large-9", "--port", port]) as theirs:
        until(lambda: _listens(port))
        with pytest.raises(Failed, match="serves large-9, not small-1") as caught:
            asyncio.run(servers.ensure([small]))
        assert caught.value.reason is Reason.PORT_IN_USE
        theirs.terminate()


def test_one_that_does_not_start_says_why(servers: ModelServers, small: Weights) -> None:
    with pytest.raises(Failed, match=r"local/small does not start: no weights at /broken\.gguf"):
        asyncio.run(servers.ensure([replace(small, weights="/broken.gguf")]))


def test_a_release_that_asks_no_real_endpoint_wants_none(tmp_path: Path) -> None:
    assert Requirements.read(tmp_path / "missing.json").models == ()


def _listens(port: str) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", int(port))) == 0
