"""A simulator process, and conversations with it as the agents of this repository would have them."""

import asyncio
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema import Draft202012Validator
from openai import OpenAI

from mooring.catalog.load import load_valid
from mooring.catalog.source import WorkTree
from mooring.release.content import ReleaseContent
from mooring.release.resolve import resolve
from mooring.runtime.agent.tools.binding import Call, CallFailed
from mooring.runtime.agent.tools.toolbox import Toolbox
from mooring.runtime.core.settings import Settings
from mooring.runtime.watch.telemetry import Metrics
from mooring.spec import Tool
from tests.repository import CONTENT

ROOT = Path(__file__).parents[2]
RULES = CONTENT / "evals/simulator"
MODEL = "gpt-4.1-2025-04-14"

Start = Callable[..., str]


@dataclass
class Talk:
    """One turn: the answer, the rules that fired, the calls made, and all messages after the system prompt."""

    text: str = ""
    rules: list[str] = field(default_factory=list)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a simulator with fresh services and no latency, and says its URL."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(latency: float = 0, rules: Path = RULES) -> str:
        folder = tmp_path_factory.mktemp("simulator")
        announce = folder / "announce.json"
        command = [sys.executable, "-m", "mooring.simulator", "--rules", str(rules), "--state", str(folder)]
        command += ["--announce", str(announce), "--latency", str(latency)]
        running.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT / "scripts")}))
        until = time.monotonic() + 20
        while not announce.exists():
            assert running[-1].poll() is None, "the simulator ended"
            assert time.monotonic() < until, "the simulator does not start"
            time.sleep(0.02)
        url: str = json.loads(announce.read_text())["url"]
        return url

    yield begin
    for process in running:
        process.terminate()
    for process in running:
        process.wait(10)


@pytest.fixture(scope="session")
def server(start: Start) -> str:
    return start()


@pytest.fixture
def url(server: str) -> Iterator[str]:
    """A simulator that tests share; its faults end with each test."""
    yield server
    httpx2.delete(f"{server}/faults")


@pytest.fixture
def client(url: str) -> Iterator[OpenAI]:
    with OpenAI(base_url=f"{url}/v1", api_key="simulated", max_retries=0, timeout=10) as openai:
        yield openai


@pytest.fixture(scope="session")
def release() -> ReleaseContent:
    """What the environment `local` of this repository runs."""
    return resolve(load_valid(WorkTree(CONTENT)), "local").content


@pytest.fixture
def converse(client: OpenAI, url: str, release: ReleaseContent) -> Callable[..., Talk]:
    """Says something to an agent's model and calls the tools it asks for until it answers.

    `edit` changes the system prompt, `lack` takes tools away, `after` goes on with an earlier talk.
    """

    def talk(
        agent: str,
        say: str,
        after: Talk | None = None,
        edit: Callable[[str], str] = str,
        lack: tuple[str, ...] = (),
        model: str = MODEL,
    ) -> Talk:
        tools = {release.tools[name].exported: release.tools[name] for name in release.agents[agent].tools}
        offered = {name: tool for name, tool in tools.items() if name not in lack}
        system = {"role": "system", "content": edit(_system(release, agent))}
        turn = Talk(messages=[*(after.messages if after else []), {"role": "user", "content": say}])
        while True:
            raw = client.chat.completions.with_raw_response.create(
                model=model,
                messages=[system, *turn.messages],  # type: ignore[list-item]
                tools=[_spec(tool) for tool in offered.values()],
            )
            turn.rules.append(raw.headers["x-simulated-rule"])
            message = raw.parse().choices[0].message
            turn.messages.append(message.model_dump(exclude_none=True))
            turn.text = message.content or ""
            if not message.tool_calls:
                return turn
            for call in message.tool_calls:
                assert call.type == "function"
                arguments = json.loads(call.function.arguments)
                turn.calls.append((call.function.name, dict(arguments)))
                result = asyncio.run(_call(url, release, offered[call.function.name], arguments))
                turn.messages.append({"role": "tool", "tool_call_id": call.id, "content": result})

    return talk


def _system(release: ReleaseContent, agent: str) -> str:
    """The agent's system prompt; its templates know the agent's variables only."""
    document = release.agents[agent]
    messages = release.prompts[document.prompt].messages
    text = "\n\n".join(message.content for message in messages if message.role == "system")
    return re.sub(r"{{ (\w+) }}", lambda name: str(document.variables[name[1]]), text)


def _spec(tool: Any) -> Any:
    function = {"name": tool.exported, "description": tool.description, "parameters": tool.input_schema}
    return {"type": "function", "function": function}


async def _call(url: str, release: ReleaseContent, tool: Tool, arguments: dict[str, Any]) -> str:
    """What the tool answers at the simulator, called as the runtime calls it; call and result fit its schemas."""
    Draft202012Validator(tool.input_schema).validate(arguments)
    async with httpx2.AsyncClient(trust_env=False) as client:
        box = Toolbox(release, Settings("blue", Path(), url), client, Metrics())
        try:
            result = await box.binding(tool.name).answer(Call("run_1", "key", arguments, 65536))
        except CallFailed as failed:
            return str(failed)
        finally:
            await box.close()
    Draft202012Validator(tool.output_schema).validate(result)
    return json.dumps(result)
