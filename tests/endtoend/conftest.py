"""The whole thing: documents, supervisor, slots and simulator as processes of their own."""

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from mooring.main import main
from tests.repository import Repo, copied, surrounded, up

LEAK = '''
"""A leak on demand: the live slot's process grows by the mebibytes that a file says."""
import os, threading, time
from pathlib import Path

def leak(file, kept=[]):
    while True:
        try:
            file.rename(taken := file.with_name(f"leaked-{os.getpid()}"))
            kept.append(b"x" * (int(taken.read_text()) << 20))
        except OSError:
            time.sleep(0.05)

words = Path("/proc/self/cmdline").read_bytes().split(b"\\0")
if b"--slot" in words:
    file = Path(__file__).with_name("leak-" + words[words.index(b"--slot") + 1].decode())
    threading.Thread(target=leak, args=(file,), daemon=True).start()
'''


@dataclass
class Shop:
    """Environment `local` of a copy of the documents, running."""

    repo: Repo
    sources: Path
    capture: Callable[[], Any]

    def moor(self, *words: str) -> Any:
        """The command in this process: the one object it prints."""
        self.capture()
        code = main(["-C", str(self.repo.root), "--json", *words])
        out, err = self.capture()
        assert code == 0, out + err
        return json.loads(out)

    def break_(self, kind: str, *words: str) -> None:
        """`moor simulate fault`."""
        self.moor("simulate", "fault", kind, *words)

    def mend(self) -> None:
        """`moor simulate clear`."""
        self.moor("simulate", "clear")

    def status(self) -> dict[str, Any]:
        return dict(self.moor("status", "local")["environments"][0])

    @property
    def live(self) -> dict[str, Any]:
        """The live slot, with its colour and its runtime's own account."""
        status = self.status()
        colour = status["live"]["slot"]
        return {"colour": colour, **status["slots"][colour]}

    def http(self) -> httpx2.Client:
        return httpx2.Client(base_url=self.status()["url"], timeout=60, trust_env=False)

    def leak(self, mebibytes: int) -> None:
        """Makes the live slot's process that much bigger."""
        file = self.sources / f"leak-{self.live['colour']}"
        written = file.with_suffix(".new")
        written.write_text(str(mebibytes))
        written.rename(file)

    def opened(self, email: str) -> int:
        """Tickets that the shop's service has from somebody."""
        database = self.repo.root / ".mooring/local/simulator/services.db"
        counted = "select count(*) from records where name = 'tickets' and json_extract(body, '$.email') = ?"
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute(counted, (email,)).fetchone()[0])


def until(done: Callable[[], Any], seconds: float = 30) -> Any:
    """What `done` says, once that is something."""
    end = time.monotonic() + seconds
    while not (said := done()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return said


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repo, Path]]:
    """Waits are shorter than in the documents, and the window of the shop's first model is small."""
    repo, sources = copied(tmp_path_factory.mktemp("shop")), tmp_path_factory.mktemp("sources")
    (sources / "sitecustomize.py").write_text(LEAK)
    hasty = "retry.baseSeconds: 0.05\n      breaker.openSeconds: 1\n      "
    hasty += "ladder.queue: {retryAfterSeconds: [1, 2, 3, 5, 8, 13]}\n      "
    hasty += "ladder.rungs.L2.timeoutSeconds: 2\n      memory.limitMib: 512"
    repo.edit("configs/environments/local.yaml", "retry.baseSeconds: 0.1\n      breaker.openSeconds: 5", hasty)
    repo.edit("configs/models/openai/gpt-4-1.yaml", "contextWindow: 1047576", "contextWindow: 9000")
    repo.commit("hasty")
    with up(repo, sources):
        yield repo, sources


@pytest.fixture
def shop(running: tuple[Repo, Path], capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    shop = Shop(*running, capsys.readouterr)
    with surrounded(shop.sources):
        yield shop
        shop.mend()
