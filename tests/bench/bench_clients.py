"""16, 64 and 256 clients at once, everything on: no error, memory is a flat line, and the many lose no throughput."""

import asyncio
import logging
import statistics
import tempfile
import time
from contextlib import ExitStack
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2
import psutil

from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.bench.row import Row
from tests.bench.vendor import host, process
from tests.runtime.hosting import Serving
from tests.runtime.sample import limits, sample

CLIENTS = (16, 64, 256)
REQUESTS = 512
GROWTH = 8.0
"""Mebibytes that a second time with as many clients may add."""

KEPT = 0.8
"""The part of the fewest clients' rate that more clients must get."""

LATE = 2.5
"""Seconds that an answer may take, as the 99th percentile."""

LOG = "slot.log"
BODY = {"model": "support", "messages": [{"role": "user", "content": "Where is my order A-1001?"}]}


def run() -> list[Row]:
    with ExitStack() as stack:
        url, _ = stack.enter_context(process(host))
        state = stack.enter_context(tempfile.TemporaryDirectory())
        slot, pid = stack.enter_context(process(_host_slot, url, state))
        log, rows, least = Path(state, LOG), list[Row](), 0.0
        for clients in CLIENTS:
            row, rate = asyncio.run(_measure(slot, pid, clients, least, log))
            rows, least = [*rows, row], least or rate * KEPT
        return rows


async def _measure(url: str, pid: int, clients: int, least: float, log: Path) -> tuple[Row, float]:
    """Twice: the first time, connections and buffers come to be that stay. The row, and requests a second."""
    limited = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limited, trust_env=False) as http:
        memory, errors, seconds, times = list[float](), 0, 0.0, list[float]()
        for _ in range(2):
            started, times = time.perf_counter(), []
            results = await asyncio.gather(*(_client(http, REQUESTS // clients, times) for _ in range(clients)))
            seconds, errors = time.perf_counter() - started, errors + sum(results)
            memory.append(psutil.Process(pid).memory_info().rss / 2**20)
    late, mean, rate = statistics.quantiles(times, n=100)[98], statistics.fmean(times), len(times) / seconds
    stood = log.read_text(encoding="utf-8").count("event loop stands still")
    told = f"{errors} errors, {rate:.0f}/s, mean {mean / 1000:.1f} s, p99 {late / 1000:.1f} s, "
    told += f"{memory[0]:.0f} -> {memory[1]:.0f} MiB, stood still {stood}"
    well = memory[1] - memory[0] < GROWTH and not errors and not stood and rate >= least
    in_time = late < LATE * 1000
    limit = f"0 errors, < +{GROWTH:g} MiB, p99 < {LATE:g} s, never still"
    limit += f", > {least:.0f}/s" if least else ""
    return Row(f"{clients} clients, checkpointed", told, limit=limit, ok=well and in_time), rate


async def _client(http: httpx2.AsyncClient, requests: int, times: list[float]) -> int:
    """Errors that it got."""
    errors = 0
    for _ in range(requests):
        started = time.perf_counter()
        answer = await http.post("/v1/chat/completions", json=BODY)
        times.append((time.perf_counter() - started) * 1000)
        errors += answer.status_code != 200 or answer.headers["x-mooring-rung"] != "L0"
    return errors


def _host_slot(parent: Connection, stub: str, state: str) -> None:
    logger = logging.getLogger("mooring.runtime")
    logger.setLevel(logging.ERROR)
    logger.propagate = False
    logger.addHandler(logging.FileHandler(Path(state, LOG)))
    release = sample(checkpoint={"mode": "durable"}, deadlineSeconds=60, ladder=limits(15))
    parent.send(Serving(create_app(release, Settings("blue", Path(state), stub, {}))).start().url)
    time.sleep(3600)
