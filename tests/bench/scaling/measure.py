"""All figures of `moor drill --scale`, measured on this machine."""

import os
import platform
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Engine

from mooring.state.engine.engine import THREADS, Address, engine
from mooring.state.runs import parts, spend
from mooring.state.runs.spend import Batch, Spent
from tests.bench.scaling.meters import PRELOADED, Meters, Reading, machine
from tests.bench.scaling.questions import Talk, ask, requests, talks
from tests.bench.scaling.served import ENVIRONMENT, Served, release, served, simulator
from tests.postgres import Cluster
from tests.reaper import mark, reaper

ROUNDS, AT_ONCE = 3, 16
"""The least of the rounds counts: whatever else the machine does meanwhile can only add."""

IDLE_SECONDS = 10.0
BATCH = 500
"""Runs that a worker deletes at a time."""

HELD, HELD_SECONDS = 64, 4.0
"""Requests that are held in flight at once, by models that take so long, for what one of them weighs."""

WRITERS, CONTENDED_SECONDS, CONTENDED_ROUNDS = 8, 2.0, 3
FLUSHES, PAGE = 200, 8192

METHOD = (
    "One worker serves the example's release with its state in PostgreSQL, whose commits wait for the disk. "
    "Every case of the example's suites is asked over HTTP, 16 at once, three times over, and the round that took "
    "least counts; simulated vendors answer at once. Processor time is that of the worker's process and of all "
    "processes of PostgreSQL; statements are counted by pg_stat_statements; bytes are what tables with their indexes "
    "grew by."
)


def measure() -> dict[str, Any]:
    """The content of the file of figures. Takes about two minutes."""
    mark()
    asked, load = talks(), round(os.getloadavg()[0], 1)
    with reaper(), Cluster(settings=("fsync=on", PRELOADED)) as cluster, simulator(0.0) as models:
        durable = _mode("durable", cluster, models, asked)
        off = _mode("off", cluster, models, asked)
        with simulator(HELD_SECONDS) as slow:
            held = _held(cluster, slow, asked)
        contended = _contended(cluster)
    example = durable.pop("example")
    off.pop("example")
    process = durable.pop("process") | held
    off.pop("process")
    return {
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "loadAverage": load,
        "python": platform.python_version(),
        "postgresql": durable.pop("postgresql", off.pop("postgresql")),
        "method": METHOD,
        "example": example | {"cases": len(asked), "requests": requests(asked)},
        "process": process,
        "disk": {"flushSeconds": _flush(), "contendedCommitsPerSecond": contended},
        "run": {"durable": durable, "off": off},
    }


@contextmanager
def _metered(cluster: Cluster, models: str, mode: str) -> Iterator[tuple[Served, Meters, float, str]]:
    """The worker, what it is measured with, the seconds after which it was ready, and its database."""
    url, began = cluster.fresh(), time.monotonic()
    with served(mode, url, models) as worker:
        ready = time.monotonic() - began
        meters = Meters(cluster, url, worker)
        try:
            yield worker, meters, ready, url
        finally:
            meters.close()


def _mode(mode: str, cluster: Cluster, models: str, asked: list[Talk]) -> dict[str, Any]:
    with _metered(cluster, models, mode) as (worker, meters, ready, url):
        ask(worker.url, asked, AT_ONCE)
        meters.vacuum()
        sizes, clients, rounds, asked_before = meters.kept(), 0, list[Reading](), meters.models()
        for _ in range(ROUNDS):
            before = meters.read()
            ask(worker.url, asked, AT_ONCE)
            clients = max(clients, meters.clients())
            rounds.append(meters.read().since(before))
        meters.vacuum()
        grown = meters.kept()
        resident = worker.resident
        count = requests(asked)
        idle = _idle(meters)
        forgotten = _forgotten(url, meters)
        each = [min(values) / count for values in zip(*(one.values for one in rounds), strict=True)]
        run = Reading(*each)
        return {
            "postgresql": meters.version(),
            "process": {
                "connections": clients,
                "readySeconds": round(ready, 2),
                "residentMib": round(resident / 2**20, 1),
                **idle,
            },
            "example": {
                "toolCalls": round(run.tool_calls, 3),
                "models": _models(asked_before, meters.models(), count * ROUNDS),
            },
            "workerSeconds": round(run.worker, 6),
            "databaseSeconds": round(run.database, 6),
            "statements": round(run.statements, 2),
            "commits": round(run.commits, 2),
            "rowsWritten": round(run.rows, 2),
            "walBytes": round(run.wal),
            "kept": {
                name: {
                    "bytes": round((grown[name][0] - was) / count / ROUNDS),
                    "rows": round((grown[name][1] - rows) / count / ROUNDS, 3),
                }
                for name, (was, rows) in sizes.items()
            },
            "forgotten": forgotten or None,
        }


def _models(
    before: dict[str, tuple[float, float, float]], after: dict[str, tuple[float, float, float]], requests: int
) -> dict[str, dict[str, float]]:
    """By the names of Model documents: what a request needs of each on average, and what its document says it costs."""
    found = {}
    for name, model in sorted(release("durable").content.models.items()):
        now, was = after.get(model.id, (0.0, 0.0, 0.0)), before.get(model.id, (0.0, 0.0, 0.0))
        calls, asked, said = ((late - early) / requests for late, early in zip(now, was, strict=True))
        if calls:
            found[name] = {
                "calls": round(calls, 3),
                "tokensIn": round(asked, 1),
                "tokensOut": round(said, 1),
                "inputPerMillion": model.prices.input_per_million,
                "outputPerMillion": model.prices.output_per_million,
            }
    return found


def _idle(meters: Meters) -> dict[str, float]:
    """What a worker that is asked nothing asks of the database."""
    before, began = meters.read(), time.monotonic()
    time.sleep(IDLE_SECONDS)
    spent, seconds = meters.read().since(before), time.monotonic() - began
    return {
        "idleStatementsPerSecond": round(spent.statements / seconds, 2),
        "idleDatabaseShare": round(spent.database / seconds, 5),
        "idleWorkerShare": round(spent.worker / seconds, 5),
    }


def _forgotten(url: str, meters: Meters) -> dict[str, float]:
    """What the deletion of runs that were kept long enough costs; nothing where there are none with checkpoints."""
    made = engine(Address(url, ENVIRONMENT))
    before, began, rows = meters.read(), time.monotonic(), 0
    with made.begin() as connection:
        while gone := parts.forget(connection, time.time() + 60, BATCH):
            rows += gone
    spent, seconds = meters.read().since(before), time.monotonic() - began
    made.dispose()
    return (
        {"rowsPerSecond": round(rows / seconds), "databaseSecondsPerRow": round(spent.database / rows, 7)}
        if rows
        else {}
    )


def _held(cluster: Cluster, models: str, asked: list[Talk]) -> dict[str, float]:
    """Memory of a worker with many requests in flight, and what each of them adds."""
    many = [talk for talk in asked if len(talk.messages) == 1]
    with _metered(cluster, models, "durable") as (worker, _, _, _):
        ask(worker.url, many[:AT_ONCE], AT_ONCE)
        before, most, done = worker.resident, 0, threading.Event()

        def look() -> None:
            nonlocal most
            while not done.wait(0.2):
                most = max(most, worker.resident)

        looking = threading.Thread(target=look)
        looking.start()
        try:
            ask(worker.url, many[:HELD], HELD)
        finally:
            done.set()
            looking.join()
    return {"mibPerRequestInFlight": round(max(0, most - before) / HELD / 2**20, 3)}


def _contended(cluster: Cluster) -> float:
    """Commits a second when all write to the row of one tenant's key and agent, as workers do four times a second."""
    url = cluster.fresh()
    engines = [engine(url) for _ in range(WRITERS // THREADS)]
    with psycopg.connect(url, autocommit=True) as plain:
        plain.execute(f"create schema {Address.of(url).quoted}".encode())
    with engines[0].begin() as connection:
        spend.SPEND.create(connection)
        spend.BATCHES.create(connection)
    rounds = [_commits(engines, f"2026-01-{day + 1:02}") for day in range(CONTENDED_ROUNDS)]
    for made in engines:
        made.dispose()
    return round(max(rounds), 1)


def _commits(engines: Sequence[Engine], day: str) -> float:
    """A second, by all writers together."""
    done, end = list[int](), time.monotonic() + CONTENDED_SECONDS

    def write(number: int) -> None:
        count = 0
        while time.monotonic() < end:
            with engines[number % len(engines)].begin() as connection:
                count += 1
                fresh = {("tenant", "key", "agent"): Spent(1, 100, 0.01)}
                spend.add_once(connection, Batch(f"{day}-{number}", count, day, fresh))
                spend.of_day(connection, day)
        done.append(count)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return sum(done) / CONTENDED_SECONDS


def _flush() -> float:
    """Seconds that the disk takes for one page, the median of many."""
    took = []
    with tempfile.TemporaryFile(dir=Path.cwd()) as file:
        for _ in range(FLUSHES):
            file.write(b"x" * PAGE)
            file.flush()
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return round(statistics.median(took), 6)
