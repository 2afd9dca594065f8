"""What a second worker brings: requests a second of one and of two at 64 clients, what they cost the processor, how
evenly connections spread, and how soon 256 clients at once are answered."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from mooring.release.release import Release
from mooring.runtime.process import unix_http
from mooring.runtime.process.siblings import name_of
from mooring.targets.host.cores import cores
from tests.bench.native import Clients, Endpoint, endpoint
from tests.bench.row import Row
from tests.runtime.sample import sample

ROOT = Path(__file__).parents[2]
CLIENTS, FEWER, SECONDS, ROUNDS = 64, 16, 4, 2
CROWD, CROWD_SECONDS, LATE = 256, 20, 2.5
"""So many clients at once, for how long, and the seconds within which 99 of 100 checkpointed answers must come."""

SCALES, KEEPS, EVEN = 1.8, 0.9, 0.8
"""What two must get of the rate of one; what a second of their processor time must get of that of one; and what the
worker with fewer connections must have of those of the other."""

NEEDED = 4
"""Cores for two workers, the clients and the models' endpoint. With fewer the rate is what these leave. What a second
of processor time gets done says on any machine whether a further core brings what the first did."""

GROWTH = 16.0
"""Mebibytes that a second time with the crowd may add to both workers."""

READY_SECONDS = 60
LOOK_SECONDS, IDLE = 0.2, 0.1
"""Between two looks at what the workers spend; and that part of a core is nothing."""

BODY = json.dumps({"model": "support", "messages": [{"role": "user", "content": "Where is my order A-1001?"}]}).encode()


@dataclass
class Round:
    """One measurement. `spent` are seconds of processor time: of each worker, of the clients and of the endpoint."""

    answered: int
    workers: list[float]
    clients: float
    models: float

    @property
    def rate(self) -> float:
        return self.answered / SECONDS

    def __str__(self) -> str:
        """Shares of one core."""
        workers = " + ".join(f"{spent / SECONDS:.2f}" for spent in self.workers)
        return f"workers {workers}, clients {self.clients / SECONDS:.2f}, models {self.models / SECONDS:.2f}"


@dataclass
class Figure:
    """What so many workers did; and how evenly connections spread, by what they are."""

    rounds: list[Round] = field(default_factory=list)
    spread: dict[str, list[float]] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        return max(each.rate for each in self.rounds)

    @property
    def capacity(self) -> float:
        """Requests a second of the workers' processor time."""
        return sum(each.answered for each in self.rounds) / sum(sum(each.workers) for each in self.rounds)


def run() -> list[Row]:
    rows = []
    with endpoint() as models, tempfile.TemporaryDirectory() as folder:
        for mode in ("off", "durable"):
            rows += _compared(mode, models, Path(folder))
    return rows


def _compared(mode: str, models: Endpoint, folder: Path) -> list[Row]:
    """They take turns, so that a busy moment of the machine meets both."""
    with ExitStack() as stack:
        release = sample(checkpoint={"mode": mode})
        sides = {count: stack.enter_context(_slot(release, count, models, folder / mode)) for count in (1, 2)}
        figures = {count: Figure() for count in sides}
        for _ in range(ROUNDS):
            for count, side in sides.items():
                side.live(True)
                side.measure(figures[count], spreads=mode == "off")
                side.live(False)
        crowd = [_crowd(sides[2])] if mode == "durable" else []
    one, two = figures[1], figures[2]
    what, enough = "checkpointed" if mode == "durable" else "plain", cores() >= NEEDED
    limit = f">= {SCALES}x"
    on_few = f"{limit} from {NEEDED} cores on; here {cores()}"
    return [
        _rates(what, one.rate, two.rate, limit if enough else on_few, enough),
        Row(f"processor time meanwhile, in cores, {what}", str(two.rounds[-1]), str(one.rounds[-1])),
        Row(
            f"requests a second of the slot's processor time, {what}",
            f"{two.capacity:.0f}",
            f"one {one.capacity:.0f}",
            two.capacity / one.capacity,
            f">= {KEEPS}x",
            two.capacity >= KEEPS * one.capacity,
        ),
        *(_spread(name, shares) for name, shares in two.spread.items()),
        *crowd,
    ]


def _crowd(side: "Side") -> Row:
    """Twice: the first time, connections and buffers come to be that stay."""
    side.live(True)
    memory, answered, late = list[float](), 0, 0.0
    for _ in range(2):
        answered, late = side.crowd()
        memory.append(sum(psutil.Process(pid).memory_info().rss for pid in side.pids) / 2**20)
    side.live(False)
    told = f"0 errors, {answered / CROWD_SECONDS:.0f}/s, p99 {late:.1f} s, {memory[0]:.0f} -> {memory[1]:.0f} MiB"
    what, limit = f"{CROWD} clients, two workers, checkpointed", f"0 errors, p99 < {LATE} s, < +{GROWTH:g} MiB"
    return Row(what, told, limit=limit, ok=late < LATE and memory[1] - memory[0] < GROWTH)


def _rates(what: str, one: float, two: float, limit: str, holds: bool) -> Row:
    ok = two >= SCALES * one if holds else None
    return Row(f"requests, two workers, {what}", f"{two:.0f}/s", f"one {one:.0f}/s", two / one, limit, ok)


def _spread(name: str, shares: list[float]) -> Row:
    told = f"the fewer {', '.join(f'{share:.2f}' for share in shares)} of the other's"
    return Row(f"connections {name}", told, limit=f">= {EVEN}", ok=min(shares) >= EVEN)


class Side:
    """So many workers behind one socket."""

    def __init__(self, folder: Path, listening: socket.socket, pids: list[int], models: Endpoint) -> None:
        self.doors = [folder / name_of("blue", number + 1) for number in range(len(pids))]
        self.pids, self._models = pids, models
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1/chat/completions"

    def live(self, on: bool) -> None:
        for door in self.doors:
            unix_http.call(door, "POST /accept", {"on": on})

    def health(self) -> list[dict[str, Any]]:
        return [unix_http.call(door, "GET /health") for door in self.doors]

    def measure(self, figure: Figure, spreads: bool) -> None:
        """One round: a second to warm up, then clients that keep their connections, then some that do not."""
        self._clients(FEWER, 1).answered()
        figure.rounds.append(self._round())
        for count in (FEWER, CLIENTS) if spreads and len(self.pids) > 1 else ():
            figure.spread.setdefault(f"kept, {count} at once", []).append(self._kept(count))
            figure.spread.setdefault(f"for one request, {count} at once", []).append(self._fresh(count))

    def crowd(self) -> tuple[int, float]:
        """Answers, and the seconds within which 99 of 100 came. ValueError unless all went well."""
        clients = self._clients(CROWD, CROWD_SECONDS)
        return clients.answered()[0], clients.late

    def _clients(self, count: int, seconds: int, keep: bool = True) -> Clients:
        """Once the workers are done with what earlier clients left when their time was over."""
        before, now = 0.0, sum(_spent(self.pids))
        while now - before > IDLE * LOOK_SECONDS:
            time.sleep(LOOK_SECONDS)
            before, now = now, sum(_spent(self.pids))
        return Clients(self.url, BODY, count, seconds, keep)

    def _round(self) -> Round:
        clients = self._clients(CLIENTS, SECONDS)
        workers, models = _spent(self.pids), _spent(self._models.pids)
        answered, asking = clients.answered()
        spent = [now - was for now, was in zip(_spent(self.pids), workers, strict=True)]
        return Round(answered, spent, asking, sum(_spent(self._models.pids)) - sum(models))

    def _kept(self, count: int) -> float:
        clients, held = self._clients(count, SECONDS), [0]
        while sum(held) < count and clients.there:
            time.sleep(0.02)
            held = [each["connections"] for each in self.health()]
        clients.answered()
        return _share(held)

    def _fresh(self, count: int) -> float:
        clients = self._clients(count, SECONDS, keep=False)
        before = [each["counts"]["received"] for each in self.health()]
        clients.answered()
        return _share([each["counts"]["received"] - was for each, was in zip(self.health(), before, strict=True)])


def _spent(pids: Sequence[int]) -> list[float]:
    """Seconds of processor time of each."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return [each.user + each.system for each in times]


def _share(counts: list[int]) -> float:
    """What the one with the fewest has of what the one with the most has."""
    return min(counts) / max(counts)


@contextmanager
def _slot(release: Release, count: int, models: Endpoint, state: Path) -> Iterator[Side]:
    """The processes that a supervisor would start."""
    state /= str(count)
    with tempfile.TemporaryDirectory() as doors, socket.create_server(("127.0.0.1", 0), backlog=2048) as listening:
        state.mkdir(parents=True)
        path = state / f"{release.digest.removeprefix('sha256:')}.json"
        path.write_bytes(release.to_bytes())
        environ = {**os.environ, "PYTHONPATH": str(ROOT / "scripts"), "MOORING_SIMULATOR_URL": models.url}
        children = []
        try:
            for number in range(1, count + 1):
                door = Path(doors) / name_of("blue", number)
                options = ["--slot", "blue", "--release", path, "--listen-fd", listening.fileno(), "--admin", door]
                options += ["--state", state, "--worker", number, "--workers", count]
                command = [sys.executable, "-m", "mooring.runtime.process", *map(str, options)]
                with (state / "log").open("ab") as log:
                    children.append(subprocess.Popen(command, env=environ, pass_fds=(listening.fileno(),), stderr=log))
            side = Side(Path(doors), listening, [child.pid for child in children], models)
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
