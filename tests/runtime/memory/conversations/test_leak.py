"""5,000 turns of conversations through the whole runtime, and memory that does not grow with them."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.core.turn import Turn
from mooring.runtime.runtime import Runtime
from mooring.runtime.watch.memory_watch import resident

TURNS = 5000
LENGTH = 5
"""Turns of one conversation before the next one begins."""

Build = Callable[..., Release]


async def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    return ModelResponse(parts=[TextPart("an answer of some words")])


async def stream(messages: list[ModelMessage], info: AgentInfo) -> AsyncIterator[str]:
    yield "an answer of some words"


@pytest.mark.timeout(400)
@pytest.mark.slow
def test_memory_is_a_flat_line_over_5000_turns(build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is in the process: what is measured is ours, and not its client's connections."""
    model = FunctionModel(answer, stream_function=stream)
    monkeypatch.setattr("mooring.runtime.agent.models.build", lambda *_, **__: model)
    release = build(memory={"maxConversations": 20}, checkpoint={"mode": "off"})
    objects, memory = asyncio.run(_turns(Runtime(release, Settings("blue", tmp_path, "http://127.0.0.1:9"))))

    assert objects[-1] - objects[4] < 0.02 * objects[4], objects
    assert memory[-1] - memory[4] < 8 * 2**20, memory


async def _turns(runtime: Runtime) -> tuple[list[int], list[int]]:
    """Objects and bytes in memory after each tenth of the turns."""
    await runtime.start()
    served = runtime.agents.get("support")
    objects, memory = list[int](), list[int]()
    for turn in range(TURNS):
        asked = Turn(f"question {turn} " + "x" * 200, conversation=f"c{turn // LENGTH}")
        await runtime.runner.run(served, asked, runtime.agents.record(served))
        if (turn + 1) % (TURNS // 10) == 0:
            gc.collect()
            objects.append(len(gc.get_objects()) + gc.get_freeze_count())
            memory.append(resident())
    await runtime.close()
    return objects, memory
