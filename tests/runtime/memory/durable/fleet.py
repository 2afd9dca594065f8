"""Slots as processes of their own, on one state folder."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx2

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.release.store import Store
from tests.runtime.memory.durable.provider import Provider
from tests.runtime.sample import sample

ROOT = Path(__file__).parents[4]
PATIENCE = 15.0


def until(holds: Callable[[], Any], what: str = "") -> Any:
    """Waits until something is true, and returns it."""
    end = time.monotonic() + PATIENCE
    while not (value := holds()):
        assert time.monotonic() < end, what or holds
        time.sleep(0.01)
    return value


def durable_release(database: bool = False, approval: str = "none", **profile: Any) -> Release:
    """The sample release with checkpoints; refunds may be many, each with a key of its own."""
    policy: dict[str, Any] = {"checkpoint": {"mode": "durable"}, "deadlineSeconds": 10, "ladder": LADDER} | profile
    data = sample(**policy).content.model_dump(mode="json", by_alias=True)
    data["tools"]["refund-order"] |= {"approval": approval, "maxCallsPerRun": 9, "idempotencyKey": None}
    if database:
        data["environment"]["database"] = {"secretRef": "env:RUNS_URL"}
    return Release.of(ReleaseContent.model_validate(data))


_RUNG = {"tries": 1, "timeoutSeconds": 5}
LADDER: dict[str, Any] = {
    "rungs": {"L0": _RUNG, "L1": _RUNG, "L2": _RUNG},
    "apology": {"en": "Sorry."},
    "lastGood": {"enabled": False},
    "queue": {"retryAfterSeconds": [0.2, 0.4]},
}


class Slot:
    """One process."""

    def __init__(self, pid: int, url: str, name: str) -> None:
        self.pid, self.name = pid, name
        self.http = httpx2.Client(base_url=url, timeout=PATIENCE)

    def kill(self) -> None:
        """As `kill -9`."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end."""
        os.kill(self.pid, signal.SIGTERM)

    @property
    def dead(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def start(self, message: str, agent: str = "support") -> str:
        """Begins a run; its id."""
        answer = self.http.post(f"/agents/{agent}/runs", json={"message": message})
        assert answer.status_code == 202, answer.text
        run: str = answer.json()["id"]
        return run

    def run(self, run: str) -> dict[str, Any]:
        data: dict[str, Any] = self.http.get(f"/runs/{run}").json()
        return data

    def ended(self, run: str) -> dict[str, Any]:
        """The run once it is over, or waits for a person."""
        return until(
            lambda: (seen := self.run(run)).get("status") in ("done", "failed", "awaiting-approval") and seen, run
        )

    def chat(self, text: str, **more: Any) -> httpx2.Response:
        body = {"model": "support", "messages": [{"role": "user", "content": text}]} | more
        return self.http.post("/v1/chat/completions", json=body)

    def ready(self) -> dict[str, Any]:
        data: dict[str, Any] = self.http.get("/readyz", headers={"accept": "application/json"}).json()
        return data


@contextmanager
def zygote() -> Iterator["subprocess.Popen[str]"]:
    """The process that slots are forked from; they end with it."""
    environ = {**os.environ, "PYTHONPATH": f"{ROOT / 'scripts'}:{ROOT}"}
    command = [sys.executable, "-m", "tests.runtime.memory.durable.zygote"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ, cwd=ROOT) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
        process.kill()


class Fleet:
    """The slots of one test. `state` is theirs together."""

    def __init__(self, zygote: subprocess.Popen[str], provider: Provider, folder: Path) -> None:
        self._zygote, self._provider, self._folder = zygote, provider, folder
        self.state = folder / "state"
        self.slots: list[Slot] = []
        self._ordered: list[Path] = []
        self.releases = Store(self.state / "releases")

    def order(
        self, slot: str = "blue", release: Release | None = None, database: str | None = None, **more: Any
    ) -> Path:
        """Has a slot started; the file in which it will say where it is."""
        self.last_database = database
        release = release or durable_release(database is not None)
        announce = self._folder / f"slot-{time.monotonic_ns()}.json"
        self._ordered.append(announce)
        order = {
            "slot": slot,
            "release": str(self.releases.put(release)),
            "state": str(self.state),
            "simulator": self._provider.url,
            "announce": str(announce),
            "environ": {"RUNS_URL": database} if database else {},
        }
        assert self._zygote.stdin
        self._zygote.stdin.write(json.dumps(order | more) + "\n")
        self._zygote.stdin.flush()
        return announce

    def arrived(self, announce: Path, name: str = "") -> Slot:
        """The slot that was ordered."""
        self._ordered.remove(announce)
        said = json.loads(until(lambda: announce.exists() and announce.read_text(), "no slot came up"))
        self.slots.append(Slot(said["pid"], said["url"], name))
        return self.slots[-1]

    def end(self) -> None:
        """Kills every slot, also those that nobody waited for."""
        for announce in list(self._ordered):
            self.arrived(announce)
        for slot in self.slots:
            slot.kill()
        until(lambda: all(slot.dead for slot in self.slots))

    def slot(self, slot: str = "blue", **order: Any) -> Slot:
        """A slot that is up."""
        return self.arrived(self.order(slot, **order), slot)
