"""An environment of real processes, with a light app in its slots."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Receipt
from mooring.state.place.location import locate
from mooring.targets.local.target import Local

HERE = Path(__file__).parent
LIGHT = (sys.executable, str(HERE / "light_supervisor.py"))
SOURCES = str(HERE.parents[2] / "scripts")
os.environ["PYTHONPATH"] = SOURCES


@dataclass
class House:
    """One environment and its ledger."""

    local: Local
    ledger: Ledger
    said: list[str] = field(default_factory=list)

    def deploy(self, release: Release) -> Receipt:
        return driver.deploy(self.local, self.ledger, driver.Request(release, "ann"), self.said.append)

    def rollback(self) -> Receipt:
        return driver.rollback(self.local, self.ledger, "bob", self.said.append)

    @property
    def url(self) -> str:
        return str(self.local.status().url)

    @property
    def live(self) -> str:
        """The slot that has the traffic."""
        side = self.local.facts().live
        assert side
        return side.slot

    def ask(self, sleep: float = 0) -> dict[str, str]:
        return self.get(f"/who?sleep={sleep}")

    def get(self, path: str) -> dict[str, Any]:
        """On a connection of its own."""
        with urlopen(f"{self.url}{path}", timeout=20) as answer:
            return dict(json.load(answer))

    def kill(self, name: str) -> int:
        """kill -9 of a slot or the supervisor; its process id."""
        status = self.local.status()
        pid = status.supervisor if name == "supervisor" else status.facts.slots[name].pid
        assert pid
        os.kill(pid, signal.SIGKILL)
        return pid

    def until(self, holds: Callable[[], Any], seconds: float = 15) -> Any:
        end = time.monotonic() + seconds
        while not (value := holds()):
            assert time.monotonic() < end, self.local.logs("supervisor", 20)
            time.sleep(0.05)
        return value


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


@dataclass
class Load:
    """Sixteen clients, every second one with keep-alive, until `stop`. Errors are kept, not raised."""

    url: str
    answers: list[dict[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stopped: bool = False
    clients: int = 16

    async def run(self) -> None:
        await asyncio.gather(*(self._client(keep_alive=number % 2 == 0) for number in range(self.clients)))

    async def _client(self, keep_alive: bool) -> None:
        host, _, port = self.url.removeprefix("http://").partition(":")
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while not self.stopped:
            try:
                streams = streams or await asyncio.open_connection(host, int(port))
                async with asyncio.timeout(20):
                    closing = await self._ask(*streams, keep_alive)
                if closing:
                    streams[1].close()
                    streams = None
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                self.errors.append(repr(error))
                streams = None

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, keep_alive: bool) -> bool:
        """Whether the connection ends with this answer."""
        close = "" if keep_alive else "Connection: close\r\n"
        writer.write(f"GET /who?sleep=0.01 HTTP/1.1\r\nHost: shop\r\n{close}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        if " 200 " not in head.splitlines()[0]:
            raise ValueError(head.splitlines()[0])
        self.answers.append(body)
        return "connection: close" in head


def loaded(house: House, work: Callable[[], Any]) -> Load:
    """Runs something while clients ask; the load it was under."""
    load = Load(house.url)
    with ThreadPoolExecutor(1) as pool:
        clients = pool.submit(asyncio.run, load.run())
        try:
            work()
            time.sleep(0.1)
        finally:
            load.stopped = True
        clients.result()
    return load


@pytest.fixture
def under_load() -> Callable[[House, Callable[[], Any]], Load]:
    """`loaded`."""
    return loaded
