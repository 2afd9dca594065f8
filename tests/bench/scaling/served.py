"""One worker of the example's release, as a supervisor starts it: a real PostgreSQL behind it, simulated vendors."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.runtime.process import unix_http

ROOT = Path(__file__).parents[3]
READY_SECONDS = 240
URL = "SCALE_DATABASE_URL"

ENVIRONMENT = "production"
"""Of the example, as whose the worker serves."""


@dataclass(frozen=True)
class Served:
    """Where it listens, and the worker's process."""

    url: str
    process: psutil.Process

    @property
    def spent(self) -> float:
        """Seconds of processor time that it has used."""
        times = self.process.cpu_times()
        return times.user + times.system

    @property
    def resident(self) -> int:
        """Bytes of memory."""
        return int(self.process.memory_info().rss)


def release(mode: str) -> Release:
    """The example as production has it, with its state in PostgreSQL and one worker; `mode` is of checkpoints."""
    data = resolve(load_valid(WorkTree(ROOT)), ENVIRONMENT).content.model_dump(mode="json", by_alias=True)
    data["environment"] |= {"database": {"secretRef": f"env:{URL}"}, "export": None, "chat": None, "patrol": None}
    data["environment"]["serving"] |= {"workers": 1, "spare": False, "maxInFlight": 1000}
    for profile in data["resilience"].values():
        profile["checkpoint"]["mode"] = mode
        profile["health"]["canary"] = None
        # What is measured is the usual way: no answers of before, and no second model where this machine is slow.
        profile["ladder"]["lastGood"]["enabled"] = profile["ladder"]["hedge"]["enabled"] = False
        profile["deadlineSeconds"] = 600
        for rung in profile["ladder"]["rungs"].values():
            rung |= {"timeoutSeconds": 100, "firstByteSeconds": 100, "connectSeconds": 20}
    return Release.of(ReleaseContent.model_validate(data))


@contextmanager
def simulator(latency: float) -> Iterator[str]:
    """The example's models and services, which take `latency` seconds an answer."""
    with tempfile.TemporaryDirectory() as folder:
        announce = Path(folder, "announce.json")
        options: list[Any] = ["--rules", ROOT / "evals/simulator", "--state", folder, "--announce", announce]
        options += ["--latency", latency, "--isolated", "--tied"]
        command = [sys.executable, "-m", "mooring.simulator", *map(str, options)]
        with subprocess.Popen(command, env=_environ(), stdin=subprocess.PIPE) as child:
            try:
                _until(announce.exists, "the simulator does not start")
                yield str(json.loads(announce.read_text())["url"])
            finally:
                child.kill()


@contextmanager
def served(mode: str, database: str, models: str) -> Iterator[Served]:
    """The worker, accepting."""
    made = release(mode)
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        state, door, log = Path(folder, "state"), Path(folder, "door"), Path(folder, "log")
        state.mkdir()
        path = state / f"{made.digest.removeprefix('sha256:')}.json"
        path.write_bytes(made.to_bytes())
        options: list[Any] = ["--slot", "blue", "--release", path, "--listen-fd", listening.fileno()]
        options += ["--admin", door, "--state", state]
        command = [sys.executable, "-m", "mooring.runtime.process", *map(str, options)]
        environ = _environ() | {"MOORING_SIMULATOR_URL": models, URL: database}
        with log.open("wb") as file:
            child = subprocess.Popen(command, env=environ, pass_fds=(listening.fileno(),), stderr=file)
        try:
            _until(lambda: _ready(door), lambda: log.read_text())
            unix_http.call(door, "POST /accept", {"on": True})
            port = listening.getsockname()[1]
            yield Served(f"http://127.0.0.1:{port}/v1/chat/completions", psutil.Process(child.pid))
        finally:
            child.terminate()
            child.wait(30)


def _environ() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT / "scripts")}


def _ready(door: Path) -> bool:
    try:
        return bool(unix_http.call(door, "GET /health")["ready"])
    except OSError:
        return False


def _until(true: Any, said: Any) -> None:
    end = time.monotonic() + READY_SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(said() if callable(said) else said)
        time.sleep(0.05)
