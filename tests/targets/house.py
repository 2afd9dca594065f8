"""An environment with a light app in its slots, whatever it runs on: what the tests of any target ask of it."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from mooring.errors import Stopped
from mooring.release.release import Release
from mooring.rollout import driver
from mooring.rollout.ledger import Ledger
from mooring.rollout.receipt import Receipt
from mooring.rollout.state import Phase, State
from mooring.rollout.target import SlotFacts
from mooring.targets.protocol import Target

LIGHT_DEPLOY = Path(__file__).parent / "local/light_deploy.py"


@dataclass
class AnyHouse:
    """One environment and its ledger."""

    target: Target
    ledger: Ledger
    said: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.target.environment

    def deploy(self, release: Release) -> Receipt:
        return driver.deploy(self.target, self.ledger, driver.Request(release, "ann"), self.said.append)

    def rollback(self) -> Receipt:
        return driver.rollback(self.target, self.ledger, "bob", self.said.append)

    @property
    def url(self) -> str:
        """Where callers on this machine reach it."""
        return str(self.target.status().url)

    @property
    def live(self) -> str:
        """The slot that has the traffic."""
        side = self.target.facts().live
        assert side
        return side.slot

    def ask(self, sleep: float = 0) -> dict[str, str]:
        return self.get(f"/who?sleep={sleep}")

    def get(self, path: str) -> dict[str, Any]:
        """On a connection of its own."""
        with urlopen(f"{self.url}{path}", timeout=20) as answer:
            return dict(json.load(answer))

    def kill_worker(self, slot: str) -> str | int | None:
        """kill -9 of a slot's last process; which one that was."""
        raise NotImplementedError

    @property
    def refused(self) -> int:
        """Connections that whatever is before the slots could take to nobody."""
        return 0

    def replaced(self, full: dict[str, Any]) -> bool:
        """Whether another process runs in the place of one that said who it is."""
        slot = self.target.facts().slots[self.live]
        return slot.workers[full["worker"] - 1].pid not in (full["pid"], None)

    def recover(self) -> None:
        """What whoever keeps house does once a deploying process is gone, where that is not done by itself."""

    def close(self) -> None:
        """Ends it."""
        self.target.down()
        self.ledger.close()

    def why(self) -> Any:
        """What to show when something takes too long."""
        return self.said[-10:]

    def until(self, holds: Callable[[], Any], seconds: float = 15) -> Any:
        end = time.monotonic() + seconds
        while not (value := holds()):
            assert time.monotonic() < end, self.why()
            time.sleep(0.05)
        return value

    def whole(self) -> SlotFacts:
        """The live slot, once all its workers accept."""

        def found() -> SlotFacts | None:
            slot = self.target.facts().slots[self.live]
            return slot if slot.ready and all(worker.accepting for worker in slot.workers) else None

        slot: SlotFacts = self.until(found, 60)
        return slot

    def at_rest(self) -> State | None:
        """The ledger's state, when no rollout is under way."""
        state = self.ledger.state(self.name)
        return state if state.phase is Phase.IDLE else None

    def sound(self) -> None:
        """The ledger verifies, and says what is true."""
        self.ledger.verify()
        live = self.target.facts().live
        assert live
        assert self.ledger.state(self.name).live == live
        assert self.ask() == {"slot": live.slot, "digest": live.digest}

    def deploy_killed(self, release: Release, transitions: int) -> None:
        """A deployment in a process of its own that ends by kill -9 after so many transitions."""
        self.target.put(release)
        root, state = self.target.root, self.target.state  # type: ignore[attr-defined]
        command = [sys.executable, LIGHT_DEPLOY, root, state, release.digest, str(transitions)]
        command += filter(None, [self.ledger.location.reference])
        assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == -9

    def deploy_apart(self, release: Release) -> str:
        """How a deployment in another thread ended."""
        ledger = Ledger(self.ledger.location)
        try:
            return driver.deploy(self.target, ledger, driver.Request(release, "ann"), self.said.append).kind
        except Stopped as stopped:
            self.said.append(str(stopped))
            return stopped.reason
        finally:
            ledger.close()


@dataclass
class Load:
    """Clients, every second one with keep-alive, until `stop`. Errors are kept, not raised."""

    url: str
    answers: list[dict[str, str]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    stopped: bool = False
    clients: int = 16
    sleep: float = 0.01
    """Seconds that each request takes at least."""

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
        writer.write(f"GET /who?sleep={self.sleep} HTTP/1.1\r\nHost: shop\r\n{close}\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = json.loads(await reader.readexactly(length))
        if " 200 " not in head.splitlines()[0]:
            raise ValueError(head.splitlines()[0])
        self.answers.append(body)
        return "connection: close" in head


def loaded(house: AnyHouse, work: Callable[[], Any], clients: int = 16) -> Load:
    """Runs something while clients ask; the load it was under."""
    load = Load(house.url, clients=clients)
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(asyncio.run, load.run())
        try:
            work()
            time.sleep(0.1)
        finally:
            load.stopped = True
        asking.result()
    return load
