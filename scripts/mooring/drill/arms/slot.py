"""A release as a slot serves it: the app, the agents, the ladder and every policy; without database and health checks.

Nothing is written down, so no checkpoint is made and no queued question is asked again; live drills measure those.
Python tools run in the drill's own process, where they take no time.
"""

import json
from pathlib import Path
from typing import Any

import httpx2

from mooring.drill.answer import Said
from mooring.drill.arms.arm import retried, turns
from mooring.drill.in_loop import InLoop
from mooring.drill.in_process import InProcess
from mooring.drill.world import URL
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from mooring.runtime.runtime import Runtime
from mooring.spec.drill import Question

ADDRESS = httpx2.URL("http://127.0.0.1/v1/chat/completions")


class Slot:
    """An arm."""

    def __init__(self, release: Release, outside: httpx2.AsyncBaseTransport, state: Path) -> None:
        settings = Settings("blue", state, URL, {}, serving=False, transport=outside, workers_of=InLoop)
        app = create_app(release, settings)
        self._runtime: Runtime = app.state.runtime
        self._door = InProcess(app)

    async def start(self) -> None:
        await self._runtime.start()
        ready, reasons = self._runtime.ready()
        if not ready:
            raise Failed(Reason.NOT_READY, "; ".join(reasons))

    async def ask(self, question: Question) -> Said:
        told = [*turns(question), ("user", question.say)]
        messages = [{"role": role, "content": content} for role, content in told]
        body = {"model": question.agent, "messages": messages, "stream": question.stream}
        response = await self._door.handle_async_request(httpx2.Request("POST", ADDRESS, json=body))
        await response.aread()
        if response.status_code != httpx2.codes.OK:
            return Said("", "", error=_code(response.json()))
        return _streamed(response.text) if question.stream else _whole(response.json())

    async def close(self) -> None:
        await self._runtime.close()

    def retries(self) -> tuple[int, int]:
        return retried(self._runtime.metrics)


def _code(body: dict[str, Any]) -> str:
    return str(body.get("error", {}).get("code") or "error")


def _whole(body: dict[str, Any]) -> Said:
    told = body["mooring"]
    return Said(body["choices"][0]["message"]["content"] or "", told["rung"], told["cost_usd"])


def _streamed(text: str) -> Said:
    said, rung, cost, error = "", "", 0.0, ""
    for line in text.splitlines():
        if not line.startswith("data: {"):
            continue
        chunk = json.loads(line.removeprefix("data: "))
        if "error" in chunk:
            error = _code(chunk)
        for choice in chunk.get("choices", ()):
            said += choice["delta"].get("content") or ""
        if told := chunk.get("mooring", {}):
            rung, cost = told.get("rung", rung), told.get("cost_usd", cost)
    return Said(said, "" if error else rung, cost, error)
