"""Pods as processes of this machine, each at an address of its own, with a real database and no cluster."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen
from uuid import uuid4

from mooring.release.release import Release
from mooring.rollout.ledger import Ledger
from mooring.state.link import Link
from mooring.state.place.address import Address
from mooring.state.place.location import Location
from mooring.state.records import pods, releases
from mooring.state.records.pods import Pod
from mooring.state.transactions import Transactions
from mooring.targets.kubernetes import names

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VARIABLE = "STATE_URL"
TOKEN = "open sesame"
_NUMBERS = count(1)

Answer = tuple[int, Any, dict[str, str]]


@dataclass
class Process:
    """One container. It may be started again in the same `folder` with the same `uid`."""

    ip: str
    uid: str
    folder: Path
    environ: dict[str, str]
    command: list[str]
    running: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://{self.ip}:{names.HTTP}"

    def get(
        self, path: str, body: Any = None, port: int = names.HTTP, **headers: str
    ) -> tuple[int, Any, dict[str, str]]:
        """Status, JSON or text, and headers in lower case."""
        data = None if body is None else json.dumps(body).encode()
        said = {"content-type": "application/json", **{name.replace("_", "-"): each for name, each in headers.items()}}
        try:
            with urlopen(Request(f"http://{self.ip}:{port}{path}", data, said), timeout=20) as answer:
                return answer.status, _read(answer.read()), {k.lower(): v for k, v in answer.headers.items()}
        except HTTPError as error:
            return error.code, _read(error.read()), {k.lower(): v for k, v in error.headers.items()}

    def admin(self, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
        status, said, _headers = self.get(path, body, names.ADMIN, X_Mooring_Admin=token)
        return status, said

    def ready(self) -> bool:
        assert self.running.poll() is None, self.said()
        try:
            return self.get("/who" if "light_pod" in self.command[1] else "/readyz")[0] == 200
        except OSError:
            return False

    def said(self) -> str:
        return (self.folder.parent / "log").read_text()

    def kill(self) -> None:
        self.running.send_signal(signal.SIGKILL)
        self.running.wait()

    def end(self) -> int:
        self.running.terminate()
        return self.running.wait(60)

    def again(self) -> None:
        """Starts the container again, as a kubelet does."""
        self.running = _start(self.command, self.environ, self.folder)


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data.decode()


def _start(command: list[str], environ: Mapping[str, str], folder: Path) -> "subprocess.Popen[str]":
    with (folder.parent / "log").open("a") as log:
        return subprocess.Popen(command, env=dict(environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log, text=True)


@dataclass
class Pods:
    """An environment's database, and pods that serve from it. `light` are those with a light app."""

    url: str
    folder: Path
    environment: str
    light: bool = True
    started: list[Process] = field(default_factory=list)

    def put(self, release: Release) -> None:
        database = Transactions(Address(self.url, self.environment))
        database.write(lambda c: releases.put(c, release.digest, release.to_bytes(), time.time()))
        database.close()

    def environ(self, **more: str) -> dict[str, str]:
        number = next(_NUMBERS)
        folder = self.folder / f"pod-{number}"
        folder.mkdir(parents=True)
        return {
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT}",
            VARIABLE: self.url,
            names.DATABASE: VARIABLE,
            names.ENVIRONMENT_NAME: self.environment,
            names.STATE: str(folder / "state"),
            names.ROOT: str(ROOT / "tests" / "content"),
            names.POD_NAME: f"pod-{number}",
            names.POD_UID: str(uuid4()),
            names.POD_IP: f"127.{os.getpid() % 200 + 20}.{number // 200}.{number % 200 + 1}",
            names.ADMIN_TOKEN: TOKEN,
            **more,
        }

    def start(self, digest: str, slot: str = "blue", **more: str) -> Process:
        environ = self.environ(**more)
        program = [str(HERE / "light_pod.py"), "-m"] if self.light else ["-m", "mooring.targets.kubernetes.pod"]
        command = [sys.executable, *program]
        command += ["--slot", slot, "--release", digest, "--patience", "1"]
        folder = Path(environ[names.STATE])
        made = Process(
            environ[names.POD_IP], environ[names.POD_UID], folder, environ, command, _start(command, environ, folder)
        )
        self.started.append(made)
        return made

    def ready(self, digest: str, slot: str = "blue", **more: str) -> Process:
        """One that serves."""
        made = self.start(digest, slot, **more)
        until(made.ready, 90)
        return made

    def words(self, digest: str, **more: str) -> tuple[int, str]:
        """The exit code of one that cannot start, and its last line."""
        made = self.start(digest, **more)
        code = made.running.wait(180)
        return code, made.said().strip().splitlines()[-1]

    def rows(self) -> list[Pod]:
        return self.link().read(lambda statements: pods.of(statements, self.environment))

    def row(self, process: Process) -> Pod | None:
        """The last row of a pod."""
        return next((row for row in reversed(self.rows()) if row.uid == process.uid), None)

    def link(self) -> Link:
        return Link(Address(self.url, self.environment))

    def ledger(self) -> Ledger:
        return Ledger(Location(self.folder, self.environment, f"env:{VARIABLE}"), {VARIABLE: self.url})


def until(holds: Callable[[], Any], seconds: float = 20) -> Any:
    end = time.monotonic() + seconds
    while not (value := holds()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return value


@contextmanager
def opened(url: str, folder: Path, environment: str, light: bool = True) -> Iterator[Pods]:
    made = Pods(url, folder, environment, light)
    try:
        yield made
    finally:
        for process in made.started:
            process.running.kill()
            process.running.wait()
