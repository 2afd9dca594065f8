"""An agent written for large models, told less at its lowest rung, where a real small model answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mooring.operate.exercises.documents import release_of
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.door.app import create_app
from tests.local_model.conftest import ID, Machine, stub_reply
from tests.repository import CONTENT
from tests.runtime.hosting import Serving, rung_of

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

CONTEXT, TOKENS_PER_SECOND = 4096, 110
"""Of the model as the template's document of it says."""

SMALL = "local/qwen2-5-3b-instruct"


@pytest.fixture
def machine(engine: Path, tmp_path: Path) -> Iterator[Machine]:
    """With room for a prompt of some hundred words."""
    assert engine.is_file()
    machine = Machine(tmp_path / "model", CONTEXT).start()
    yield machine
    machine.servers.stop()


@pytest.fixture
def example(machine: Machine, stub: Any) -> Release:
    """The agents of the example; their vendors are down, and the model of the machine is their L2."""
    content = release_of(CONTENT, "production").content.model_dump(mode="json", by_alias=True)
    for name in ("openai/gpt-4-1", "anthropic/claude-sonnet-4-5"):
        content["models"][name] |= {"baseUrl": f"{stub.url}/v1", "secretRef": None}
        stub.script(content["models"][name]["id"], stub_reply(503))
    content["models"][SMALL] |= {"id": ID, "baseUrl": machine.model.url, "contextWindow": CONTEXT}
    content["environment"] |= {"endpoints": "real", "services": dict.fromkeys(("shop", "oncall", "runbooks"), stub.url)}
    for name in ("export", "objectives", "patrol", "chat"):
        content["environment"][name] = None
    return Release.of(ReleaseContent.model_validate(content))


def limit(release: Release, agent: str) -> float:
    """Seconds that the agent's own document gives to its lowest rung."""
    standing = release.content.agents[agent].models.of("L2")
    assert standing
    assert standing.timeout_seconds
    return standing.timeout_seconds


def patient(release: Release) -> Release:
    """The same, with a minute for the rung: a loaded machine reads several times as slowly."""
    content = release.content.model_dump(mode="json", by_alias=True)
    content["agents"]["support"]["models"]["L2"]["timeoutSeconds"] = 60
    return Release.of(ReleaseContent.model_validate(content))


def test_the_support_agent_answers_at_l2_and_reads_its_terse_prompt_within_its_limit(
    example: Release, tmp_path: Path
) -> None:
    settings = Settings("blue", tmp_path / "state", None, {})
    serving = Serving(create_app(patient(example), settings)).start()
    try:
        serving.http.timeout = 120
        answer = serving.chat("Can I return a tent?", agent="support")
    finally:
        serving.stop()
    assert (answer.status_code, rung_of(answer)) == (200, "L2")
    assert answer.json()["choices"][0]["message"]["content"].strip()
    read, wrote = (answer.json()["usage"][name] for name in ("prompt_tokens", "completion_tokens"))
    assert wrote > 0
    assert 100 < read < TOKENS_PER_SECOND * limit(example, "support")
