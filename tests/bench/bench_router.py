"""Requests per second beside the LiteLLM Router on the same stub: while all is well, and while the primary is down."""

import asyncio
import logging
import os
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml
from pydantic_ai.messages import ModelRequest, SystemPromptPart, UserPromptPart
from pydantic_ai.models import Model, ModelRequestParameters

from mooring.runtime.core.record import CURRENT
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.runtime import Runtime
from tests.bench import rival
from tests.bench.row import Row
from tests.bench.vendor import host, process
from tests.repository import CONTENT
from tests.runtime.sample import sample

ROOT = Path(__file__).parents[2]
CLIENTS = 16
ROUNDS, ROUND = 6, 2.0
OUTAGE = 20.0
"""Seconds of an outage, from its first moment: breakers and their like are still closed."""

QUESTION = "Where is my order A-1001?"
NAMES = ("model calls, all rungs on", "whole runs of an agent")

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True)
class Figure:
    """What was answered in a time."""

    answered: int
    failed: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.answered / self.seconds

    def __str__(self) -> str:
        return f"{self.rate:,.0f}/s" if self.rate >= 10 else f"{self.rate:.1f}/s"


Load = Callable[[float], Awaitable[Figure]]
"""All clients ask for so many seconds."""


def run() -> list[Row]:
    """Beside what the Router does, a model call with all its rungs, and beside it whole runs of an agent."""
    logging.getLogger("mooring.runtime").setLevel(logging.CRITICAL)
    with process(host) as (url, _), _litellm(str(rival.python("litellm")), url) as theirs:
        return asyncio.run(_measure(url, theirs))


async def _measure(url: str, router: Load) -> list[Row]:
    async with _ours(url, _call) as call, _ours(url, _whole) as whole:
        rounds = [[await load(ROUND) for load in (call, whole, router)] for _ in range(ROUNDS)]
    rows = [_median(what, [(each[at], each[2]) for each in rounds]) for at, what in enumerate(NAMES)]
    async with httpx2.AsyncClient(base_url=url) as vendor:
        await vendor.put("/down")
    theirs = await router(OUTAGE)
    for what, ask in zip(NAMES, (_call, _whole), strict=True):
        async with _ours(url, ask) as load:
            rows.append(_row(f"{what}, primary down", await load(OUTAGE), theirs, 20))
    return rows


def _median(what: str, pairs: list[tuple[Figure, Figure]]) -> Row:
    """The round whose ratio is in the middle."""
    ours, theirs = sorted(pairs, key=lambda pair: pair[0].rate / pair[1].rate)[len(pairs) // 2]
    return _row(f"{what}, {CLIENTS} at a time", ours, theirs, 2)


def _row(what: str, ours: Figure, theirs: Figure, least: float) -> Row:
    """Whole runs have no limit: the Router has nothing like them."""
    ratio = ours.rate / theirs.rate
    failed = f", {ours.failed} failed" if ours.failed else ""
    rival = f"{theirs} LiteLLM" + (f", {theirs.failed} failed" if theirs.failed else "")
    if not what.startswith(NAMES[0]):
        return Row(what, f"{ours}{failed}", rival, ratio)
    return Row(what, f"{ours}{failed}", rival, ratio, f">= {least:g}x", ratio >= least and not ours.failed)


# --- both sides ---


def _call(runtime: Runtime) -> Ask:
    """What the Router does: a model call with all its tries, breakers and rungs."""
    served = runtime.agents.get("support")
    model = served._agent.model
    assert isinstance(model, Model)
    asked = ModelRequest(parts=[SystemPromptPart("You serve Tidewater."), UserPromptPart(f"Customer: {QUESTION}")])

    async def ask() -> object:
        CURRENT.set(runtime.agents.record(served))
        return await model.request([asked], None, ModelRequestParameters())

    return ask


def _whole(runtime: Runtime) -> Ask:
    """More than the Router does: the agent with its prompt and tools, measured, logged and recorded."""
    served = runtime.agents.get("support")
    return lambda: runtime.runner.run(served, Turn(QUESTION), runtime.agents.record(served))


@asynccontextmanager
async def _ours(url: str, asking: Callable[[Runtime], Ask]) -> AsyncGenerator[Load]:
    """With the waits, tries and breakers that the shop's own agents have."""
    written = yaml.safe_load((CONTENT / "configs/resilience/standard.yaml").read_text(encoding="utf-8"))
    profile: dict[str, Any] = {name: written[name] for name in ("deadlineSeconds", "retry", "breaker")}
    release = sample(**profile, ladder={"rungs": written["ladder"]["rungs"]})
    with tempfile.TemporaryDirectory() as state:
        runtime = Runtime(release, Settings("blue", Path(state), url, {}))
        await runtime.start()
        ask = asking(runtime)

        async def load(seconds: float) -> Figure:
            started, counts = time.perf_counter(), [0, 0]

            async def client() -> None:
                while time.perf_counter() < started + seconds:
                    try:
                        await ask()
                        counts[0] += 1
                    except Exception:  # noqa: BLE001 - counted, whatever it is
                        counts[1] += 1

            await asyncio.gather(*(client() for _ in range(CLIENTS)))
            return Figure(counts[0], counts[1], time.perf_counter() - started)

        yield load
        await runtime.close()


@contextmanager
def _litellm(python: str, url: str) -> Iterator[Load]:
    """Asks nobody but the stub: LiteLLM would fetch prices from the network."""
    environ = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "CRITICAL", "PYTHONPATH": ""}
    script = str(rival.LOCKS / "with_litellm.py")
    pipe = subprocess.PIPE
    child = subprocess.Popen(
        [python, script, url], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environ, text=True
    )

    def work(seconds: float) -> Figure:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(f"{CLIENTS} {seconds}\n")
        child.stdin.flush()
        answered, failed, took = child.stdout.readline().split()
        return Figure(int(answered), int(failed), float(took))

    work(0.5)
    try:
        yield lambda seconds: asyncio.to_thread(work, seconds)
    finally:
        child.terminate()
        child.wait()
