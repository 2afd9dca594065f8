"""A patrol of 50 dependencies in a process of its own, beside the slowest of them and all of them in turn."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from tests.bench.bench_commands import ENVIRON
from tests.bench.row import Row
from tests.redis_server import Redis

RUNS = 5
SLOWEST = 1.0
"""Seconds of the slowest answer; the others are shorter."""
HTTP, REDIS = 38, 10
MOST_MORE = 0.2
"""Seconds that a patrol may take beside its slowest check."""

SERVER = """
import asyncio, sys

async def answer(reader, writer):
    head = await reader.readuntil(b"\\r\\n\\r\\n")
    await asyncio.sleep(float(head.split()[1].strip(b"/")) / 1000)
    writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n")
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=256)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""

PATROL = """
import json, sys, time
from pathlib import Path
from mooring.operate.patrol.patrol import patrol
from mooring.operate.patrol.surroundings import Surroundings
from mooring.spec.patrol import Patrol
from mooring.state.transactions import Transactions
from tests.runtime.sample import sample
folder, document = sys.argv[1:]
database = Transactions(f"sqlite:///{folder}/state.db")
database.read(lambda connection: None)
around = Surroundings(sample().content, Path(folder), {}, time.time(), database=database)
document = Patrol.model_validate_json(document)
started = time.perf_counter()
found = patrol(document, around, {})
took = time.perf_counter() - started
print(json.dumps([took, [(each.last.state, each.last.seconds) for each in found]]))
"""


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, Redis() as redis, _server() as port:
        checks = list(_checks(port, redis.url))
        seen = [_patrol(folder, checks) for _ in range(RUNS)]
    assert all(state == "ok" for _, looks in seen for state, _ in looks), seen
    took = median(seconds for seconds, _ in seen)
    each = median(max(seconds for _, seconds in looks) for _, looks in seen)
    turns = sum(_delays()) / 1000
    what = f"a patrol of {len(checks)} dependencies, of which the slowest answers after {SLOWEST:g} s"
    limit, ok = f"< {SLOWEST:g} s + {MOST_MORE * 1000:.0f} ms", took < SLOWEST + MOST_MORE
    return [
        Row(what, f"{took:.3f} s", f"{turns:.1f} s one by one", took / turns, limit, ok),
        Row("the slowest of them, as it is reported", f"{each:.3f} s", f"{SLOWEST:g} s", each / SLOWEST),
    ]


def _delays() -> list[int]:
    """Milliseconds of each answer over HTTP."""
    return [round(SLOWEST * 1000 * (number + 1) / HTTP) for number in range(HTTP)]


def _checks(port: int, redis: str) -> Iterator[dict[str, Any]]:
    limits = {"okBelowSeconds": 10, "alarmAboveSeconds": 10, "timeoutSeconds": 10}
    for delay in _delays():
        yield {"kind": "http", "name": f"http-{delay}", "url": f"http://127.0.0.1:{port}/{delay}", **limits}
    for number in range(REDIS):
        yield {"kind": "redis-ping", "name": f"redis-{number}", "url": redis, **limits}
    yield {"kind": "sql", "name": "state", **limits}
    yield {"kind": "disk", "name": "disk", "okBelowRatio": 2, "alarmAboveRatio": 2}


def _patrol(folder: str, checks: list[dict[str, Any]]) -> tuple[float, list[tuple[str, float]]]:
    """Seconds of the first patrol of a process, what it imports for its looks included; and each look."""
    head = {"apiVersion": "mooring/v1", "kind": "Patrol", "name": "patrol", "version": "1.0.0"}
    document = json.dumps({**head, "description": "Bench.", "owner": "@acme/platform", "checks": checks})
    around = {**ENVIRON, "PYTHONPATH": os.pathsep.join(("scripts", "."))}
    command = [sys.executable, "-c", PATROL, folder, document]
    done = subprocess.run(command, env=around, capture_output=True, text=True, check=True)
    took, looks = json.loads(done.stdout)
    return took, looks


@contextmanager
def _server() -> Iterator[int]:
    """The port of a server, in a process of its own, that answers after as many milliseconds as a path says."""
    with subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        yield int(process.stdout.readline())
        process.kill()
