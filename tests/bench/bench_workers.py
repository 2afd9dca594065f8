"""What a second worker brings: requests a second of one and of two at 64 clients, and how evenly connections spread."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mooring.release.release import Release
from mooring.runtime.process import unix_http
from mooring.runtime.process.siblings import name_of
from mooring.targets.local.cores import cores
from tests.bench.row import Row
from tests.bench.vendor import host, process
from tests.runtime.sample import sample

ROOT = Path(__file__).parents[2]
CLIENTS, SECONDS, ROUNDS = 64, 2.5, 2
SCALES, FEWEST = 1.8, 0.8
"""What two must get of the rate of one; and what the one with fewer connections must have of an even share."""

NEEDED = 4
"""Cores for two workers, the clients and the models' endpoint. With fewer the rate is what these leave, so there each
worker is stopped most of the time, for two of them to fit in: that shows whether one holds up the other."""

PACE = """
import itertools, os, signal, sys, time
pids, on, period = list(map(int, sys.argv[1:])), 0.005, 0.020
start = time.monotonic()
for turn in itertools.count():
    for number, pid in enumerate(pids):
        for moment, what in ((0, signal.SIGCONT), (on, signal.SIGSTOP)):
            until = start + turn * period + number * period / 2 + moment
            time.sleep(max(0, until - time.monotonic()))
            os.kill(pid, what)
"""
"""A quarter of the time for each, at different times."""

READY_SECONDS = 60
BODY = json.dumps({"model": "support", "messages": [{"role": "user", "content": "Where is my order A-1001?"}]}).encode()


@dataclass
class Figure:
    """What so many workers did: requests a second, free and paced; and how connections spread, kept and not kept."""

    free: list[float] = field(default_factory=list)
    paced: list[float] = field(default_factory=list)
    kept: list[float] = field(default_factory=list)
    fresh: list[float] = field(default_factory=list)


def run() -> list[Row]:
    rows = []
    with process(host) as (vendor, _), tempfile.TemporaryDirectory() as folder:
        for mode in ("off", "durable"):
            rows += _compared(mode, vendor, Path(folder))
    return rows


def _compared(mode: str, vendor: str, folder: Path) -> list[Row]:
    """They take turns, so that a busy moment of the machine meets both."""
    with ExitStack() as stack:
        release = sample(checkpoint={"mode": mode})
        sides = {count: stack.enter_context(_slot(release, count, vendor, folder / mode)) for count in (1, 2)}
        figures = {count: Figure() for count in sides}
        for _ in range(ROUNDS):
            for count, side in sides.items():
                side.live(True)
                side.measure(figures[count])
                side.live(False)
    one, two = figures[1], figures[2]
    what, enough = "checkpointed" if mode == "durable" else "plain", cores() >= NEEDED
    limit = f">= {SCALES}x"
    rows = [
        _rates(
            what, one.free, two.free, limit if enough else f"{limit} from {NEEDED} cores on; here {cores()}", enough
        ),
        _rates(f"{what}, a quarter of a core each", one.paced, two.paced, limit, True),
    ]
    spread = [_spread("kept", two.kept), _spread("for one request", two.fresh)] if mode == "off" else []
    return [*rows, *spread]


def _rates(what: str, one: list[float], two: list[float], limit: str, holds: bool) -> Row:
    ratio = max(two) / max(one)
    ok = ratio >= SCALES if holds else None
    return Row(f"requests, two workers, {what}", f"{max(two):.0f}/s", f"one {max(one):.0f}/s", ratio, limit, ok)


def _spread(name: str, shares: list[float]) -> Row:
    told = f"the fewer {', '.join(f'{share:.2f}' for share in shares)} of an even share"
    return Row(f"connections {name}, {CLIENTS} at once", told, limit=f">= {FEWEST}", ok=min(shares) >= FEWEST)


class Side:
    """So many workers behind one socket."""

    def __init__(self, folder: Path, listening: socket.socket, pids: list[int]) -> None:
        self.doors = [folder / name_of("blue", number + 1) for number in range(len(pids))]
        self.pids = pids
        self.address: tuple[str, int] = listening.getsockname()

    def live(self, on: bool) -> None:
        for door in self.doors:
            unix_http.call(door, "POST /accept", {"on": on})

    def health(self) -> list[dict[str, Any]]:
        return [unix_http.call(door, "GET /health") for door in self.doors]

    def measure(self, figure: Figure) -> None:
        """One round: a second to warm up, then clients that keep their connections, then some that do not."""
        self._ask(1.0, keep=True)
        figure.free.append(self._ask(SECONDS, keep=True, figure=figure) / SECONDS)
        before = [each["counts"]["received"] for each in self.health()]
        self._ask(SECONDS / 2, keep=False)
        received = [each["counts"]["received"] - was for each, was in zip(self.health(), before, strict=True)]
        figure.fresh.append(_share(received))
        pace = subprocess.Popen([sys.executable, "-c", PACE, *map(str, self.pids)])
        try:
            figure.paced.append(self._ask(SECONDS, keep=True) / SECONDS)
        finally:
            pace.kill()
            pace.wait()
            for pid in self.pids:
                os.kill(pid, signal.SIGCONT)

    def _ask(self, seconds: float, keep: bool, figure: Figure | None = None) -> int:
        return asyncio.run(self._asked(seconds, keep, figure))

    async def _asked(self, seconds: float, keep: bool, figure: Figure | None = None) -> int:
        """How many requests all clients had answered. A failing one is an error."""
        end = time.monotonic() + seconds
        clients = [asyncio.create_task(_client(self.address, end, keep)) for _ in range(CLIENTS)]
        if figure:
            await asyncio.sleep(seconds / 2)
            figure.kept.append(_share([each["connections"] for each in self.health()]))
        return sum(await asyncio.gather(*clients))


def _share(counts: list[int]) -> float:
    """What the one with the fewest has of an even share."""
    return min(counts) / (sum(counts) / len(counts))


async def _client(address: tuple[str, int], end: float, keep: bool) -> int:
    answered, streams = 0, None
    head = "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: {len(BODY)}\r\n" + ("\r\n" if keep else "Connection: close\r\n\r\n")
    while time.monotonic() < end:
        reader, writer = streams = streams or await asyncio.open_connection(*address)
        writer.write(head.encode() + BODY)
        said = (await reader.readuntil(b"\r\n\r\n")).lower()
        if b" 200 " not in said.split(b"\r\n", 1)[0]:
            raise ValueError(said.decode())
        await reader.readexactly(int(said.split(b"content-length: ")[1].split(b"\r\n")[0]))
        answered += 1
        if not keep or b"connection: close" in said:
            writer.close()
            streams = None
    if streams:
        streams[1].close()
    return answered


@contextmanager
def _slot(release: Release, count: int, vendor: str, state: Path) -> Iterator[Side]:
    """The processes that a supervisor would start."""
    state /= str(count)
    with tempfile.TemporaryDirectory() as doors, socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        state.mkdir(parents=True)
        path = state / f"{release.digest.removeprefix('sha256:')}.json"
        path.write_bytes(release.to_bytes())
        environ = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "MOORING_SIMULATOR_URL": vendor}
        children = []
        try:
            for number in range(1, count + 1):
                door = Path(doors) / name_of("blue", number)
                options = ["--slot", "blue", "--release", path, "--listen-fd", listening.fileno(), "--admin", door]
                options += ["--state", state, "--worker", number, "--workers", count]
                command = [sys.executable, "-m", "mooring.runtime.process", *map(str, options)]
                with (state / "log").open("ab") as log:
                    children.append(subprocess.Popen(command, env=environ, pass_fds=(listening.fileno(),), stderr=log))
            side = Side(Path(doors), listening, [child.pid for child in children])
            _until_ready(side, state)
            yield side
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)


def _until_ready(side: Side, state: Path) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        try:
            if all(each["ready"] for each in side.health()):
                return
        except OSError:
            pass
        if time.monotonic() > end:
            raise TimeoutError((state / "log").read_text())
        time.sleep(0.05)
