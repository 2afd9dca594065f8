"""16, 64 and 256 clients at once, everything on: nobody gets an error, and memory is a flat line."""

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

BODY = {"model": "support", "messages": [{"role": "user", "content": "Where is my order A-1001?"}]}


def run() -> list[Row]:
    with ExitStack() as stack:
        url, _ = stack.enter_context(process(host))
        state = stack.enter_context(tempfile.TemporaryDirectory())
        slot, pid = stack.enter_context(process(_host_slot, url, state))
        return [asyncio.run(_measure(slot, pid, clients)) for clients in CLIENTS]


async def _measure(url: str, pid: int, clients: int) -> Row:
    """Twice: the first time, connections and buffers come to be that stay."""
    limited = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx2.AsyncClient(base_url=url, timeout=60, limits=limited, trust_env=False) as http:
        memory, errors, seconds, times = list[float](), 0, 0.0, list[float]()
        for _ in range(2):
            started, times = time.perf_counter(), []
            results = await asyncio.gather(*(_client(http, REQUESTS // clients, times) for _ in range(clients)))
            seconds, errors = time.perf_counter() - started, errors + sum(results)
            memory.append(psutil.Process(pid).memory_info().rss / 2**20)
    late = statistics.quantiles(times, n=100)[98]
    told = f"{errors} errors, {len(times) / seconds:.0f}/s, p99 {late:.0f} ms, {memory[0]:.0f} -> {memory[1]:.0f} MiB"
    flat = memory[1] - memory[0] < GROWTH
    return Row(f"{clients} clients, checkpointed", told, limit=f"0 errors, < +{GROWTH:g} MiB", ok=flat and not errors)


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
    logging.getLogger("mooring.runtime").setLevel(logging.CRITICAL)
    release = sample(checkpoint={"mode": "durable"}, deadlineSeconds=60, ladder=limits(15))
    parent.send(Serving(create_app(release, Settings("blue", Path(state), stub, {}))).start().url)
    time.sleep(3600)
