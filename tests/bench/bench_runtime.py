"""What the runtime adds to a bare pydantic-ai `agent.run` against the same stub, and what a slot weighs."""

import asyncio
import gc
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection
from pathlib import Path

import httpx2
import psutil
from openai import AsyncOpenAI
from pydantic_ai import Agent, Tool
from pydantic_ai.messages import ModelMessage, ModelRequest, SystemPromptPart
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import DeferredToolRequests

from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.door.app import create_app
from mooring.runtime.runtime import Runtime
from tests.bench.row import Row
from tests.bench.vendor import process
from tests.runtime.hosting import Serving
from tests.runtime.sample import sample
from tests.runtime.stub import Stub

ROUNDS = 15
REQUESTS = 32
LIMIT = 1.25
MOST_MORE = 5.0
"""Milliseconds that checkpoints may add to a run."""

QUESTION = "Where is my order A-1001?"

Ask = Callable[[], Awaitable[object]]


def run() -> list[Row]:
    with process(_host_stub) as (url, _):
        rows = asyncio.run(_measure(url))
        with tempfile.TemporaryDirectory() as state, process(_host_slot, url, state) as (slot, pid):
            return [*rows, *_over_http(slot, pid)]


async def _measure(url: str) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(sample(), Settings("blue", Path(folder), url, {}))
        await runtime.start()
        served = runtime.agents.get("support")

        async def ours() -> object:
            return await runtime.runner.run(served, Turn(QUESTION), runtime.agents.record(served))

        async with httpx2.AsyncClient() as client:
            bare = _bare(url, client)
            gc.collect()
            gc.freeze()
            rows = [await _compare(f"run, {clients} at a time", ours, bare, clients) for clients in (1, 16)]
            rows.extend(await _checkpointed(url, bare))
        await runtime.close()
    return rows


async def _checkpointed(url: str, bare: Ask) -> list[Row]:
    """Time on the clock, since a checkpoint is waited for; and of the processor, which a busy machine blurs less."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(sample(checkpoint={"mode": "durable"}), Settings("blue", Path(folder), url, {}))
        await runtime.start()
        served = runtime.agents.get("support")

        async def ours() -> object:
            run = await runtime.runs.begin(served, Turn(QUESTION), runtime.agents.record(served), None)
            return await run.answered()

        await _timed(ours), await _timed(bare)
        rounds = [(await _timed(ours), await _timed(bare)) for _ in range(ROUNDS)]
        await runtime.close()
    return [
        _more(unit, [(mine[at], theirs[at]) for mine, theirs in rounds]) for at, unit in enumerate(("ms", "ms CPU"))
    ]


def _more(unit: str, rounds: list[tuple[float, float]]) -> Row:
    mine, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
    more = statistics.median(left - right for left, right in rounds)
    told, limit = f"{mine:.2f} {unit}, {more:+.1f}", f"< +{MOST_MORE:g} {unit}"
    what = "run, checkpointed on SQLite"
    return Row(what, told, f"{theirs:.2f} {unit} agent.run", mine / theirs, limit, more < MOST_MORE)


async def _timed(ask: Ask) -> tuple[float, float]:
    """Milliseconds a request, on the clock and of the processor."""
    started, worked = time.perf_counter(), time.process_time()
    for _ in range(REQUESTS):
        await ask()
    return (time.perf_counter() - started) / REQUESTS * 1000, (time.process_time() - worked) / REQUESTS * 1000


def _bare(url: str, client: httpx2.AsyncClient) -> Ask:
    """The same question with the same tools on offer, as pydantic-ai's documentation shows it."""
    sdk = AsyncOpenAI(base_url=f"{url}/v1", api_key="simulated", http_client=client, max_retries=0)
    model = OpenAIChatModel("primary-1", provider=OpenAIProvider(openai_client=sdk), settings={"max_tokens": 1024})
    documents = sample().content.tools.values()
    tools = [Tool.from_schema(_tool, tool.exported, tool.description, tool.input_schema) for tool in documents]
    agent = Agent(model, tools=tools, output_type=[str, DeferredToolRequests])
    history: list[ModelMessage] = [ModelRequest(parts=[SystemPromptPart("You serve Tidewater.")])]
    return lambda: agent.run(f"Customer: {QUESTION}", message_history=history)


async def _tool(**arguments: object) -> str:
    return str(arguments)


async def _compare(what: str, ours: Ask, bare: Ask, clients: int) -> Row:
    """Processor time of this process a request: the stub is in another, and waiting for it is nobody's overhead.

    The two take turns; the ratio is the median of the rounds' ratios.
    """
    await asyncio.gather(*(ask() for ask in (ours, bare) for _ in range(clients)))
    rounds = [(await _round(ours, clients), await _round(bare, clients)) for _ in range(ROUNDS)]
    mine, theirs = (statistics.median(side) for side in zip(*rounds, strict=True))
    ratio = statistics.median(left / right for left, right in rounds)
    return Row(what, f"{mine:.2f} ms CPU", f"{theirs:.2f} ms agent.run", ratio, f"< {LIMIT}x", ratio < LIMIT)


async def _round(ask: Ask, clients: int) -> float:
    async def client() -> None:
        for _ in range(REQUESTS // clients):
            await ask()

    started = time.process_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    return (time.process_time() - started) / REQUESTS * 1000


def _over_http(url: str, pid: int) -> list[Row]:
    """Whole requests to a process that serves, and the memory it has after them."""
    body = {"model": "support", "messages": [{"role": "user", "content": QUESTION}]}
    times = []
    with httpx2.Client(base_url=url) as client:
        for _ in range(200):
            started = time.perf_counter()
            client.post("/v1/chat/completions", json=body).raise_for_status()
            times.append((time.perf_counter() - started) * 1000)
    megabytes = psutil.Process(pid).memory_info().rss / 2**20
    middle, late = statistics.median(times), statistics.quantiles(times, n=100)[98]
    return [
        Row("request over HTTP, with client and stub", f"{middle:.2f} ms median, {late:.1f} ms p99"),
        Row("memory of a process that serves", f"{megabytes:.0f} MiB resident"),
    ]


def _host_stub(parent: Connection) -> None:
    parent.send(Serving(Stub().app()).start().url)
    time.sleep(3600)


def _host_slot(parent: Connection, stub: str, state: str) -> None:
    parent.send(Serving(create_app(sample(), Settings("blue", Path(state), stub, {}))).start().url)
    time.sleep(3600)
