"""What it costs that every run is written down, on both databases; and how soon a killed run goes on elsewhere."""

import asyncio
import logging
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime.agent import models
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.runtime import Runtime
from tests.bench.row import Row
from tests.postgres import Cluster
from tests.reaper import mark, reaper
from tests.runtime.hosting import Serving
from tests.runtime.memory.durable.fleet import Fleet, until, zygote
from tests.runtime.memory.durable.provider import Provider
from tests.runtime.sample import sample

PAIRS, BLOCK = 15, 32
AT_ONCE = {16: 400, 64: 800, 256: 1000}
MOST_MS = {"SQLite": 2.5, "PostgreSQL": 4.0}
"""Milliseconds of processor time that checkpoints may add to a run."""

MOST_LATE, MOST_RESUME = 2.5, 1.0
GROWTH = 8.0
"""Mebibytes that a second time with as many runs may add."""

KEPT = 0.8
"""The part of the rate of the fewest that more at once must get."""
KILLS = 5

One = Callable[[], Awaitable[float]]


def run() -> list[Row]:
    logging.disable(logging.INFO)
    mark()
    try:
        with reaper(), _models_that_answer_at_once():
            rows = asyncio.run(_runs())
        return [*rows, _resumed()]
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def _models_that_answer_at_once() -> Iterator[None]:
    async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        return ModelResponse(parts=[TextPart("hello")], finish_reason="stop")

    build = models.build
    models.build = lambda *_: FunctionModel(answer, model_name="at once")
    try:
        yield
    finally:
        models.build = build


async def _runs() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, Cluster() as cluster:
        bare, durable = await _started("off", Path(folder, "bare")), await _started("durable", Path(folder, "durable"))
        try:
            rows, least = [await _cost("SQLite", bare, durable, clients) for clients in (1, 16)], 0.0
            for at_once in AT_ONCE:
                row, rate = await _load(durable, at_once, least)
                rows, least = [*rows, row], least or rate * KEPT
        finally:
            await durable.close()
            await bare.close()
        return rows + await _on_postgres(Path(folder), cluster.fresh())


async def _on_postgres(folder: Path, url: str) -> list[Row]:
    bare, durable = await _started("off", folder / "one", url), await _started("durable", folder / "other", url)
    try:
        return [await _cost("PostgreSQL", bare, durable, clients) for clients in (1, 16)]
    finally:
        await durable.close()
        await bare.close()


async def _started(mode: str, state: Path, url: str | None = None) -> Runtime:
    data = sample(checkpoint={"mode": mode}, deadlineSeconds=100).content.model_dump(mode="json", by_alias=True)
    if url:
        data["environment"]["database"] = {"secretRef": "env:RUNS_URL"}
    release = Release.of(ReleaseContent.model_validate(data))
    environ = {"RUNS_URL": url} if url else {}
    runtime = Runtime(release, Settings("blue", state, "http://127.0.0.1:9", environ))
    await runtime.start()
    assert runtime.ready()[0], runtime.ready()
    for _ in range(20):
        await _one(runtime)
    return runtime


async def _one(runtime: Runtime) -> float:
    """Milliseconds of one run with one call of a model."""
    served, began = runtime.agents.get("support"), time.perf_counter()
    run = await runtime.runs.begin(served, Turn("hi"), runtime.agents.record(served), None)
    await run.answered()
    return (time.perf_counter() - began) * 1e3


async def _block(runtime: Runtime, clients: int) -> float:
    """Milliseconds of processor time a run."""

    async def client() -> None:
        for _ in range(BLOCK // clients):
            await _one(runtime)

    worked = time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    return (time.process_time() - worked) / BLOCK * 1e3


async def _cost(engine: str, bare: Runtime, durable: Runtime, clients: int) -> Row:
    """In turn, so that a busy moment of the machine meets both."""
    pairs = [(await _block(bare, clients), await _block(durable, clients)) for _ in range(PAIRS)]
    without, with_it = (statistics.median(side) for side in zip(*pairs, strict=True))
    more = statistics.median(right - left for left, right in pairs)
    what = f"a run, checkpointed on {engine}, {clients} at once"
    ours, most = f"{with_it:.1f} ms CPU (+{more:.1f})", MOST_MS[engine]
    return Row(what, ours, f"{without:.1f} ms plain", with_it / without, f"< +{most:g} ms CPU", more < most)


async def _load(runtime: Runtime, at_once: int, least: float) -> tuple[Row, float]:
    """Twice: the first time, buffers come to be that stay. The row, and runs a second."""
    clients, count = asyncio.Semaphore(at_once), AT_ONCE[at_once]
    took, memory, seconds, stalled = list[float](), list[float](), 0.0, False

    async def client() -> float:
        async with clients:
            return await _one(runtime)

    for _ in range(2):
        began = time.perf_counter()
        took = sorted(await asyncio.gather(*(client() for _ in range(count))))
        seconds = time.perf_counter() - began
        stalled = stalled or bool(runtime.runs.lag().stalled)
        memory.append(psutil.Process().memory_info().rss / 2**20)
    more, rate = memory[1] - memory[0], count / seconds
    late = took[int(count * 0.99)] / 1e3
    ours = f"{rate:.0f}/s, median {took[count // 2]:.0f} ms, p99 {late:.1f} s, +{more:.0f} MiB"
    limit = f"no lag, p99 < {MOST_LATE:g} s, < +{GROWTH:g} MiB" + (f", > {least:.0f}/s" if least else "")
    well = not stalled and more < GROWTH and rate >= least and late < MOST_LATE
    return Row(f"{count} durable runs, {at_once} at once", ours, limit=limit, ok=well), rate


def _asked(provider: Provider, times: int) -> bool:
    return len(provider.times) > times


def _resumed() -> Row:
    """From `kill -9` to the first step in the other slot, which is warm; the slowest of some."""
    provider = Provider()
    serving = Serving(provider.app()).start()
    provider.url, waits = serving.url, []
    with tempfile.TemporaryDirectory() as folder, zygote() as process:
        fleet = Fleet(process, provider, Path(folder))
        green = fleet.slot("green")
        for number in range(KILLS):
            blue, begun = fleet.slot("blue"), len(provider.times)
            provider.charge_delay = 0.3
            run = blue.start(f"kill {number}")
            until(partial(_asked, provider, begun + 1))
            provider.charge_delay = 0.0
            blue.kill()
            killed = time.monotonic()
            green.ended(run)
            waits.append(next(moment for moment in provider.times if moment > killed) - killed)
        fleet.end()
    serving.stop()
    slowest = max(waits)
    ours = f"{slowest:.2f} s (median {statistics.median(waits):.2f})"
    return Row("kill to resumed step", ours, limit=f"< {MOST_RESUME:g} s", ok=slowest < MOST_RESUME)
