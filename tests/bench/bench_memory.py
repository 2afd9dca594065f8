"""100,000 turns of conversations, remembered, archived and trimmed: memory must be a flat line.

The path of a turn is the runtime's own, from the archive's claim to the model's window; the agent loop and the
network are left out, since they are pydantic-ai's and would take most of the time.
"""

import asyncio
import gc
import logging
import tempfile
import time
from pathlib import Path

from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse, TextPart, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.models.function import AgentInfo, FunctionModel

from mooring.runtime.agent.context.tokens import Tokens
from mooring.runtime.agent.context.window import Window
from mooring.runtime.core.record import CURRENT, Budget, Record
from mooring.runtime.core.turn import Answer, Turn
from mooring.runtime.memory.conversations.conversations import Conversations
from mooring.runtime.watch.memory_watch import resident
from mooring.runtime.watch.telemetry import Metrics
from mooring.state.database import Database
from mooring.state.engine.engine import url_of
from tests.bench.row import Row
from tests.runtime.sample import sample

TURNS = 100_000
LENGTH, SIZE = 16, 1500
"""Turns of one conversation and bytes of a message: the last ones outgrow the window of 8,000 tokens."""

AT_ONCE = 8
GROWTH = 8 * 2**20


def run() -> list[Row]:
    logging.getLogger("mooring.runtime").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        bench = _Bench(Path(folder))
        started = time.perf_counter()
        memory = asyncio.run(bench.all())
        seconds = time.perf_counter() - started
    warm, last = memory[1], max(memory[2:])
    counted = [sample for metric in bench.metrics.trims.collect() for sample in metric.samples]
    trims = sum(sample.value for sample in counted if sample.name.endswith("_total"))
    ok = last - warm < GROWTH
    what = f"{TURNS:,} turns, memory after a fifth and at most then"
    return [
        Row(what, f"{last / 2**20:.1f} MiB", f"{warm / 2**20:.1f} MiB", last / warm, f"< +{GROWTH >> 20} MiB", ok),
        Row("one turn: claimed, read, trimmed, archived", f"{seconds / TURNS * 1000:.2f} ms"),
        Row("turns that were trimmed", f"{trims / TURNS:.0%}"),
    ]


class _Bench:
    def __init__(self, folder: Path) -> None:
        content = sample(memory={"maxConversations": 50}).content
        self.profile = content.resilience["quick"]
        self.metrics = Metrics()
        self.database = Database(url_of(folder, None))
        self.conversations = Conversations(self.database, [self.profile])
        model = FunctionModel(_answer, model_name="primary")
        self.window = Window(model, content.models["primary"], self.profile.context, 0, Tokens(), self.metrics)

    async def all(self) -> list[int]:
        """Bytes in memory after each tenth."""
        memory = []
        for tenth in range(10):
            turns = TURNS // 10 // AT_ONCE
            await asyncio.gather(*(self._some(f"{tenth}-{lane}", turns) for lane in range(AT_ONCE)))
            await self.conversations.sweep()
            gc.collect()
            memory.append(resident())
        await self.conversations.close()
        await self.database.close()
        return memory

    async def _some(self, lane: str, turns: int) -> None:
        for turn in range(turns):
            record = Record(f"run-{lane}-{turn}", "support", Budget(60))
            CURRENT.set(record)
            text = f"question {turn} ".ljust(SIZE, "q")
            asked = Turn(text, conversation=f"{lane}-{turn // LENGTH}")
            await self.conversations.held(self.profile, asked, record, self._work)

    async def _work(self, turn: Turn) -> Answer:
        messages: list[ModelMessage] = [*turn.past, ModelRequest(parts=[UserPromptPart(turn.message)])]
        response = await self.window.request(messages, None, ModelRequestParameters())
        return Answer(response.text or "", "stop", (*messages, response))


async def _answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart("an answer ".ljust(SIZE, "a"))])
