"""Tools without an agent around them: bound as a release binds them, called as the agent loop calls them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from pydantic_ai.exceptions import ToolFailed

from mooring.release.content import Code
from mooring.runtime.agent.tools.tool import BoundTool
from mooring.runtime.agent.tools.toolbox import Toolbox
from mooring.runtime.core.record import CURRENT, Budget, Record
from mooring.runtime.core.settings import Settings
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec.tool import Tool
from tests.runtime.hosting import Serving

HINTS = {"readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False}


@dataclass
class Bench:
    """One tool, ready to be called within one event loop."""

    box: Toolbox
    tool: BoundTool
    record: Record
    metrics: Metrics

    async def call(self, call_id: str = "call-1", step: int = 1, /, **arguments: Any) -> Any:
        """The result as the agent loop gets it, or the words that the agent is told."""
        context: Any = SimpleNamespace(tool_call_id=call_id, run_step=step)
        try:
            self.tool.check(context, **arguments)
            return await self.tool.call(context, **arguments)
        except ToolFailed as failed:
            return failed.message

    @property
    def outcomes(self) -> list[str]:
        return [call.outcome for call in self.record.tool_calls]


On = Callable[..., Any]


@pytest.fixture
def on(build: Any, tmp_path: Path) -> On:
    """Runs `work` with a tool that has `bind`. Keyword arguments change the tool; `profile` the resilience profile."""

    def run(
        work: Callable[[Bench], Any],
        bind: Mapping[str, Any],
        code: Mapping[str, str] | None = None,
        services: Mapping[str, str] | None = None,
        profile: Mapping[str, Any] | None = None,
        seconds: float = 5.0,
        most: int = 12,
        environ: Mapping[str, str] | None = None,
        **more: Any,
    ) -> Any:
        content = build(**(profile or {})).content
        document = content.tools["find-order"].model_dump(mode="json") | {
            "inputSchema": {"type": "object"},
            "outputSchema": {},
            "annotations": HINTS,
            "bind": bind,
            **more,
        }
        agent = content.agents["support"]
        limits = agent.limits.model_copy(update={"max_tool_calls": most})
        agent = agent.model_copy(update={"tools": ("find-order",), "limits": limits})
        sources = {
            name: Code(name=name, version="1", owner="@tidewater/support", source=source)
            for name, source in (code or {}).items()
        }
        content = content.model_copy(
            update={
                "tools": {"find-order": Tool.model_validate(document)},
                "code": sources,
                "environment": content.environment.model_copy(update={"services": services or {}}),
            }
        )

        async def main() -> Any:
            metrics = Metrics()
            async with httpx2.AsyncClient(trust_env=False) as client:
                box = Toolbox(content, Settings("blue", tmp_path, None, environ or {}), client, metrics)
                record = Record("run_1", "support", Budget(seconds))
                token = CURRENT.set(record)
                try:
                    return await work(Bench(box, box.tools(agent)[0], record, metrics))
                finally:
                    CURRENT.reset(token)
                    await box.close()

        return asyncio.run(main())

    return run


@pytest.fixture
def host() -> Iterator[Callable[[Any], str]]:
    """Serves an ASGI app and says its URL."""
    open_ones: list[Serving] = []

    def start(app: Any) -> str:
        open_ones.append(Serving(app).start())
        return open_ones[-1].url

    yield start
    for serving in open_ones:
        serving.stop()
