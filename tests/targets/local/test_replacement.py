"""A live slot's process gives way to another, with real processes and under load: nobody gets an error."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime.process import unix_http
from mooring.targets.host import folders
from tests.runtime.sample import sample

pytestmark = pytest.mark.slow

SLOT = """
import asyncio, sys
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.middleware import Middleware
from mooring.runtime.watch.accounting import Accounting, CountRequests
from mooring.runtime.watch.memory_watch import MemoryWatch
from mooring.runtime.process import slot
from mooring.runtime.process.__main__ import main as serve_slot
from mooring.spec.resilience import Memory

class Runtime:
    def __init__(self):
        self.accounting, self.rss = Accounting(), 1
        self.memory = MemoryWatch([Memory(limit_mib=256)], [], lambda ratio: None, lambda: self.rss)
    def ready(self):
        return True, []
    def busy(self):
        return self.accounting.in_flight

def build(release, settings):
    runtime = Runtime()
    async def work(request):
        await asyncio.sleep(0.02)
        return JSONResponse({"ok": True})
    async def fill(request):
        runtime.rss = 300 * 2**20
        runtime.memory.look()
        return JSONResponse({})
    routes = [Route("/", work), Route("/fill", fill)]
    app = Starlette(routes=routes, middleware=[Middleware(CountRequests, accounting=runtime.accounting)])
    app.state.runtime = runtime
    return app

slot.preload = lambda: None
sys.exit(serve_slot(sys.argv[1:], build))
"""
SUPERVISOR = """
import sys
from mooring.targets.local.supervisor import Commands, main
sys.exit(main(sys.argv[2:], Commands(slot=(sys.executable, sys.argv[1]), monitor=())))
"""


class Place:
    """An environment with a live slot, in real processes."""

    def __init__(self, folder: Path, release: Release) -> None:
        self.state = folder / "state"
        self.slot, self.script = folder / "slot.py", folder / "supervise.py"
        self.slot.write_text(SLOT)
        self.script.write_text(SUPERVISOR)
        self.digest = release.digest
        path = folders.release_file(self.state, release.digest)
        path.parent.mkdir(parents=True)
        path.write_bytes(release.to_bytes())
        self.supervise()
        body = {"slot": "blue", "digest": self.digest, "token": 1}
        self.ask("POST /start", body)
        self.until(lambda: self.blue()["ready"])
        self.ask("POST /switch", body)

    def supervise(self) -> None:
        """Starts a supervisor."""
        options = ["--root", str(self.state), "--state", str(self.state), "--environment", "here"]
        command = [sys.executable, str(self.script), str(self.slot), *options, "--listen", "127.0.0.1:0"]
        log = (self.state / "supervisor.log").open("ab")
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline()) == {}

    def ask(self, route: str, body: Any = None) -> Any:
        return unix_http.call(folders.control(self.state), route, body, timeout=20)

    def status(self) -> dict[str, Any]:
        return dict(self.ask("GET /status"))

    def blue(self) -> dict[str, Any]:
        return dict(self.status()["slots"]["blue"])

    @property
    def url(self) -> str:
        return f"http://{self.status()['listen']}"

    def until(self, done: Any, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, (self.state / "supervisor.log").read_text()
            time.sleep(0.02)

    def end(self) -> None:
        if self.process.poll() is None:
            self.ask("POST /shutdown")
            self.process.wait(20)


@pytest.fixture(scope="session")
def own_release() -> Release:
    """A release that needs no simulator."""
    content: dict[str, Any] = sample().content.model_dump(mode="json", by_alias=True)
    content["environment"] |= {"endpoints": "real", "services": {"shop": "http://127.0.0.1:9"}}
    return Release.of(ReleaseContent.model_validate(content))


@pytest.fixture
def place(tmp_path: Path, own_release: Release) -> Iterator[Place]:
    place = Place(tmp_path, own_release)
    yield place
    place.end()


class Load:
    """Clients that ask all the time, half of them on connections they keep."""

    def __init__(self, url: str, clients: int = 8) -> None:
        self.answers, self.problems = 0, list[str]()
        self._url, self._over = url, threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number % 2 == 0,)) for number in range(clients)]

    def _ask(self, keeps: bool) -> None:
        kept = httpx2.Client(timeout=20, trust_env=False)
        while not self._over.is_set():
            try:
                client = kept if keeps else httpx2.Client(timeout=20, trust_env=False)
                assert client.get(self._url).status_code == 200
                self.answers += 1
                if not keeps:
                    client.close()
            except Exception as error:  # noqa: BLE001 - every one of them is a lost request
                self.problems.append(repr(error))
        kept.close()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        time.sleep(0.3)
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(0.3)
        self._over.set()
        for thread in self._threads:
            thread.join()


def lost(place: Place) -> int:
    blue = place.blue()
    totals = blue["totals"]
    ended = totals["answered"] + totals["failed"] + totals["abandoned"]
    return int(totals["received"] - ended - blue["in_flight"])


def test_a_slot_whose_memory_is_full_is_replaced_and_nothing_is_lost(place: Place) -> None:
    before = place.blue()["pid"]
    with Load(place.url) as load:
        httpx2.get(f"{place.url}/fill", trust_env=False)
        place.until(lambda: place.blue()["pid"] not in (None, before))
        time.sleep(0.5)
    place.until(lambda: not running(before))

    assert load.problems == []
    assert load.answers > 50
    blue = place.blue()
    assert (blue["accepting"], blue["restarts"], place.status()["live"]) == (True, 0, "blue")
    assert lost(place) == 0
    assert blue["totals"]["received"] == load.answers + 1


def test_restarting_the_live_slot_twice_loses_nothing(place: Place) -> None:
    with Load(place.url) as load:
        for _ in range(2):
            before = place.blue()["pid"]
            place.ask("POST /restart", {"slot": "blue"})
            place.until(lambda before=before: place.blue()["pid"] not in (None, before))

    assert load.problems == []
    assert lost(place) == 0


def test_a_successor_that_does_not_start_leaves_everything_as_it_was(place: Place) -> None:
    before = place.blue()["pid"]
    good = place.slot.read_text()
    place.slot.write_text("raise SystemExit(1)")
    with Load(place.url) as load:
        place.ask("POST /restart", {"slot": "blue"})
        place.until(lambda: "keeps its process" in (place.state / "supervisor.log").read_text())
    assert load.problems == []
    assert (place.blue()["pid"], place.blue()["restarts"]) == (before, 0)

    place.slot.write_text(good)
    place.ask("POST /restart", {"slot": "blue"})
    place.until(lambda: place.blue()["pid"] not in (None, before))


def test_a_slot_that_dies_while_its_successor_starts_is_followed_by_it(place: Place) -> None:
    before = place.blue()["pid"]
    place.ask("POST /restart", {"slot": "blue"})
    place.until(lambda: folders.second(folders.admin(place.state, "blue")).exists())
    os.kill(before, signal.SIGKILL)
    answer = httpx2.get(place.url, timeout=20, trust_env=False)

    assert answer.status_code == 200
    place.until(lambda: place.blue()["pid"] not in (None, before))


def test_a_supervisor_that_dies_in_between_leaves_one_process_serving(place: Place) -> None:
    with Load(place.url) as load:
        place.ask("POST /restart", {"slot": "blue"})
        place.until(lambda: folders.second(folders.admin(place.state, "blue")).exists())
        place.process.kill()
        place.process.wait()
        place.supervise()
        place.until(lambda: len(processes(place)) == 1)
    assert load.problems == []
    assert place.blue()["pid"] in processes(place)
    assert lost(place) == 0


def running(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


def processes(place: Place) -> list[int]:
    """The slot's processes, whoever started them."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if str(place.slot).encode() in words and b"--slot" in words and running(int(path.parent.name)):
            found.append(int(path.parent.name))
    return found
