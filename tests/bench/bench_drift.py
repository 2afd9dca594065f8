"""Drift as whole processes: nothing moved, and 2,000 documents of which one moved, beside validating the same."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from mooring.catalog.load import load
from mooring.catalog.source import WorkTree
from mooring.release.program import program
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.state import Kind, Requested, Side, State
from mooring.runtime.process import unix_http
from mooring.targets.host import folders
from mooring.targets.local.target import Local
from tests.bench.bench_commands import ENVIRON
from tests.bench.bench_validate import repository_of_many
from tests.bench.row import Row

RUNS = 3
ENVIRONMENT = "here"


def run() -> list[Row]:
    """The rows. Slots answer from this process, so that only the command is measured."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        documents = repository_of_many(root)
        _git(root, "init", "-q", "-b", "main")
        _committed(root)
        release = resolve(load(WorkTree(root))[0], ENVIRONMENT)
        _deployed(root, release)
        with _answering(root, release):
            still = _seconds(lambda: _drift(root, 0))
            model = root / "configs/models/large-7.yaml"
            model.write_text(model.read_text().replace("inputPerMillion: 2", "inputPerMillion: 3"))
            _committed(root)
            moved = _seconds(lambda: _drift(root, 1))
        python = _seconds(lambda: _call(root, "-c", "pass"))
    return [
        _row(f"drift, nothing moved of {documents} documents", still, 0.6, python),
        _row(f"drift, one of {documents} documents moved", moved, 2.0, python),
    ]


def _row(what: str, seconds: float, limit: float, python: float) -> Row:
    return Row(
        what, f"{seconds:.2f} s", f"{python:.2f} s python -c pass", seconds / python, f"< {limit} s", seconds < limit
    )


def _git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, env=ENVIRON, check=True, capture_output=True, text=True).stdout.strip()


def _committed(root: Path) -> None:
    (root / ".gitignore").write_text("/.mooring/\n")
    _git(root, "add", "-A")
    _git(root, "commit", "-q", "-m", "documents")


def _deployed(root: Path, release: Release) -> None:
    """Makes the ledger and the store say that the commit was deployed."""
    state = root / ".mooring" / ENVIRONMENT
    Local(root, release.content.environment, state).put(release)
    ledger = Ledger.of(root, release.content.environment, state, os.environ)
    held = lease.acquire(ledger, ENVIRONMENT, "bench", "deploy")
    event = Requested(time.time(), Kind.DEPLOY, release.digest, _git(root, "rev-parse", "HEAD"))
    live = State(live=Side("blue", release.digest), trail=(release.digest,))
    ledger.append(ENVIRONMENT, held.token, "bench", event, live)
    lease.release(ledger, held)
    ledger.close()


@contextmanager
def _answering(root: Path, release: Release) -> Iterator[None]:
    """A supervisor's door and that of a slot, in a thread."""
    state = root / ".mooring" / ENVIRONMENT
    empty: dict[str, Any] = {"digest": None, "wanted": None, "pid": None, "ready": False, "accepting": False, "rss": 0}
    empty |= {"totals": {}, "in_flight": 0, "restarts": 0, "spare": None, "reasons": [], "workers": []}
    blue = {**empty, "digest": release.digest, "wanted": release.digest, "ready": True, "accepting": True}
    status = {"pid": os.getpid(), "environment": ENVIRONMENT, "listen": "127.0.0.1:1", "live": "blue", "token": 1}
    status |= {"machine": "bench", "simulator": None, "slots": {"blue": blue, "green": empty}}
    content = release.content.model_dump(mode="json")
    config = {"digest": release.digest, "program": program(), "content": content}

    async def serve(started: threading.Event, ended: asyncio.Event) -> None:
        await unix_http.serve(folders.control(state), {"GET /status": lambda _: status})
        await unix_http.serve(folders.admin(state, "blue"), {"GET /config": lambda _: config})
        started.set()
        await ended.wait()

    loop, started, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(started, ended),), daemon=True)
    thread.start()
    started.wait(10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(10)
        loop.close()


def _drift(root: Path, code: int) -> None:
    done = _call(root, "-m", "mooring", "-C", str(root), "drift", ENVIRONMENT)
    if done.returncode != code:
        raise RuntimeError(f"{done.stdout}{done.stderr}")


def _call(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], cwd=root, env=ENVIRON, capture_output=True, text=True, check=False
    )


def _seconds(work: Callable[[], object]) -> float:
    """The median of a few."""
    found = []
    for _ in range(RUNS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return median(found)
