"""Copies of the state: 1,000,000 messages against `pg_dump | zstd`, and what requests notice of a copy."""

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import sqlalchemy as sa

from mooring.operate.export.source import Source
from mooring.operate.export.stream import Stream
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.runtime import Runtime
from mooring.state.copies.postgres import client
from mooring.state.place.address import Address, url_of
from mooring.state.runs import turns
from mooring.state.transactions import Transactions
from tests import reaper
from tests.bench.bench_durable import _models_that_answer_at_once
from tests.bench.row import MissingError, Row
from tests.operate.export.conftest import document
from tests.postgres import Cluster
from tests.runtime.sample import sample

MESSAGES, FEW = 1_000_000, 100_000
MOST_RATIO, MOST_GROWTH = 1.5, 64
"""Against the rival; and mebibytes that ten times as many messages may add."""

RATE, SECONDS, MOST_LAG = 60, 20, 5.0

PAIRS, MOST_SLOWER = 150, 1.1
"""Requests with and without a copy beside them, in turns; and how much slower the median may be."""

FILL = """insert into {schema}.turns select 'acme/c' || n / 10, n % 10 + 1, md5(n::text), 1.8e9 + n,
    convert_to(json_build_array(json_build_object('kind', 'request', 'content', repeat(md5(n::text), 4)))::text, 'UTF8')
    from generate_series(0, {messages} - 1) n"""
HEADERS = """insert into {schema}.conversations
    select 'acme/c' || n, 'acme', 'helper', 1.8e9, 1.8e9 + n, 1.9e9, 10, 2000, null, 0
    from generate_series(0, {messages} / 10 - 1) n"""


FILE_FILL = """with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < {messages} - 1)
    insert into turns select 'acme/c' || (n / 10), n % 10 + 1, hex(randomblob(16)), 1.8e9 + n,
    cast('[{{"kind": "request", "content": "' || hex(randomblob(64)) || '"}}]' as blob) from numbers"""


def run() -> list[Row]:
    if not shutil.which("zstd"):
        raise MissingError("apt-get install -y zstd")
    os.environ.setdefault(reaper.VARIABLE, "bench")
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        return _Bench(cluster, Path(folder)).rows()


class _Bench:
    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster, self.folder = cluster, folder

    def rows(self) -> list[Row]:
        few = _filled(self.cluster, FEW)
        _, small, _ = self._ours("copy", few, "few")
        address = _filled(self.cluster, MESSAGES)
        rival, file = self._dumped(address)
        ours, large, size = self._ours("copy", address, "many")
        rows = [_row(f"copy of {MESSAGES:,} messages", ours, rival)]
        growth = large - small
        what = f"memory at its most, of {MESSAGES:,} and of {FEW:,} messages"
        ok = growth < MOST_GROWTH
        rows.append(Row(what, f"{large:.0f} MiB", f"{small:.0f} MiB", large / small, f"< +{MOST_GROWTH} MiB", ok))
        rows.append(Row("what is stored", f"{size / 2**20:.0f} MiB", f"{file.stat().st_size / 2**20:.0f} MiB"))
        again, _, _ = self._ours("copy", address, "many")
        rows.append(Row("copy again when nothing changed", f"{again:.1f} s"))
        rival = self._put_back(file)
        ours, _, _ = self._ours("restore", address, "many", Address(self.cluster.fresh(), "bench"))
        rows.append(_row(f"restore of {MESSAGES:,} messages", ours, rival))
        return [*rows, self._lag(few), asyncio.run(self._noticed())]

    def _ours(self, what: str, address: Address, name: str, into: Address | None = None) -> tuple[float, float, int]:
        """Seconds, mebibytes of memory at its most, and bytes that are stored, of a process of its own."""
        copies = self.folder / name
        arguments = [
            what,
            address.url,
            str(self.folder / f"{name}-state"),
            copies.as_uri(),
            into.url if into else "",
            "bench",
        ]
        around = {**os.environ, "PYTHONPATH": os.pathsep.join(("scripts", "."))}
        done = subprocess.run(
            [sys.executable, "-c", CODE, *arguments], env=around, capture_output=True, text=True, check=True
        )
        seconds, memory = done.stdout.split()[-2:]
        size = sum(path.stat().st_size for path in copies.rglob("*") if path.is_file())
        return float(seconds), float(memory), size

    def _dumped(self, address: Address) -> tuple[float, Path]:
        file = self.folder / "rival.zst"
        tables = f"--table={address.schema}.turns --table={address.schema}.conversations"
        command = f"{client('pg_dump')} -Fc -Z0 --data-only {tables} '{address.url}' | zstd -q -3 -T0 -f -o {file}"
        return _timed(lambda: subprocess.run(command, shell=True, check=True)), file

    def _put_back(self, file: Path) -> float:
        address = Address(self.cluster.fresh(), "bench")
        Transactions(address).read(lambda _connection: None)
        command = f"zstd -q -d -c {file} | {client('pg_restore')} --data-only -1 -d '{address.url}'"
        return _timed(lambda: subprocess.run(command, shell=True, check=True))

    def _lag(self, address: Address) -> Row:
        """The most seconds that the stream is behind while so many turns a second are written."""
        source = Source("bench", address, document(destination={"url": (self.folder / "lag").as_uri()}), self.folder)
        stream, database = Stream(source), Transactions(address)
        progress, ended, lags = stream.begin(), threading.Event(), []

        def write() -> None:
            started = time.monotonic()
            for number in range(RATE * SECONDS):
                now = time.time()
                turn = turns.NewTurn(f"acme/lag{number % 50}", "helper", f"lag-{number}", b"[]" * 200, now, now + 9e6)
                database.write(lambda connection: turns.add(connection, turn))  # noqa: B023
                time.sleep(max(0.0, started + number / RATE - time.monotonic()))
            ended.set()

        writer = threading.Thread(target=write)
        writer.start()
        sent = 1
        while not ended.is_set() or sent:
            progress, sent = stream.ship(progress)
            lags.append(time.time() - progress.through)
            if not sent:
                time.sleep(1)
                lags.append(time.time() - progress.through)
        writer.join()
        source.close()
        worst = max(lags)
        return Row(
            f"lag of the stream at {RATE} turns a second",
            f"{worst:.1f} s",
            limit=f"< {MOST_LAG:.0f} s",
            ok=worst < MOST_LAG,
        )

    async def _noticed(self) -> Row:
        """The median request of a slot while a process like the exporter copies its database again and again."""
        state = self.folder / "slot"
        release = sample()
        address = url_of(state, None, release.content.environment.name)
        with _models_that_answer_at_once():
            runtime = Runtime(release, Settings("blue", state, "http://127.0.0.1:9", {}))
            await runtime.start()
            Transactions(address).write(_filled_as_sqlite)
            for number in range(300):
                await _asked(runtime, number)
            took: dict[bool, list[float]] = {True: [], False: []}
            for beside in (False, True) * 3:
                copying = self._copying(address) if beside else None
                took[beside] += [await _asked(runtime, number) for number in range(PAIRS // 3)]
                if copying:
                    assert copying.poll() is None
                    copying.terminate()  # and not killed: its lease would keep the next one out
                    copying.wait()
            await runtime.close()
        with_it, without = (statistics.median(took[beside]) for beside in (True, False))
        ratio, limit = with_it / without, f"<= {MOST_SLOWER}x"
        what = "a request while copies are made, median"
        return Row(what, f"{with_it:.1f} ms", f"{without:.1f} ms without", ratio, limit, ratio <= MOST_SLOWER)

    def _copying(self, address: Address) -> "subprocess.Popen[bytes]":
        around = {**os.environ, "PYTHONPATH": os.pathsep.join(("scripts", "."))}
        arguments = [
            "again",
            address.url,
            str(self.folder / "again"),
            (self.folder / "copies").as_uri(),
            "",
            address.environment,
        ]
        begun = subprocess.Popen(["nice", "-n", "10", sys.executable, "-c", CODE, *arguments], env=around)
        time.sleep(3)  # its imports are no copy
        return begun


async def _asked(runtime: Runtime, number: int) -> float:
    """Milliseconds of one turn of a conversation."""
    served, began = runtime.agents.get("support"), time.perf_counter()
    turn = Turn("hi", conversation=f"c{number % 20}")
    await runtime.runner.run(served, turn, runtime.agents.record(served))
    return (time.perf_counter() - began) * 1e3


CODE = """
import resource, signal, sys, time
from pathlib import Path
from mooring.operate.export.copying import copy
from mooring.operate.export.restore import choose, restore
from mooring.operate.export.seal import Opener
from mooring.operate.export.source import Source
from mooring.state.place.address import Address
from tests.operate.export.conftest import document
what, url, state, copies, into, name = sys.argv[1:]
source = Source(name, Address(url, name), document(destination={"url": copies}), Path(state))
source.origin()
started = time.perf_counter()
if what == "copy":
    copy(source)
elif what == "again":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    while True:
        copy(source, adopt=True, gently=True)
else:
    with source.scratch() as folder:
        restore(source.destination, choose(source.destination), Address(into, name), folder, Opener(None), print)
print(time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def _filled(cluster: Cluster, messages: int) -> Address:
    address = Address(cluster.fresh(), "bench")
    database = Transactions(address)
    database.read(lambda _connection: None)
    database.close()
    with psycopg.connect(address.url, autocommit=True) as connection:
        for statement in (FILL, HEADERS, "vacuum analyze {schema}.turns"):
            connection.execute(statement.format(schema=address.schema, messages=messages).encode())
    return address


def _filled_as_sqlite(connection: sa.Connection) -> None:
    """So many that making a copy is the work, and not taking the lease for one: an exporter makes one an hour."""
    connection.exec_driver_sql(FILE_FILL.format(messages=FEW))


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _row(what: str, ours: float, rival: float) -> Row:
    ratio = ours / rival
    return Row(what, f"{ours:.1f} s", f"{rival:.1f} s", ratio, f"<= {MOST_RATIO}x", ratio <= MOST_RATIO)
