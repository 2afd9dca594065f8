"""The first day of a team: from the template to an agent that answers, and on to documents of their own."""

import re
import resource
from pathlib import Path
from typing import Any

import pytest

from tests.repository import Repo, copied

pytestmark = pytest.mark.slow

OWNER = "@acme/platform"
BUDGET_SECONDS = 5
"""Of processor time, which is the same on a loaded machine."""


def begin(repo: Repo, process: Any) -> None:
    """The template on free ports, with CODEOWNERS, as a clone has it."""
    (repo.root / ".github").mkdir()
    assert process("-C", repo.root, "schema", "--write").code == 0
    repo.commit("owners")


def processor_seconds() -> float:
    """What the processes that this one started, and that have ended, took."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def on_free_ports(root: Path) -> None:
    for file in (root / "configs/environments").glob("*.yaml"):
        file.write_text(re.sub(r"listen: \S+", "listen: 127.0.0.1:0", file.read_text()))


@pytest.mark.timeout(300)
def test_from_the_template_to_an_agent_that_answers(tmp_path: Path, process: Any) -> None:
    repo = copied(tmp_path)
    begin(repo, process)

    def moor(*arguments: str) -> Any:
        told = process("-C", repo.root, *arguments)
        assert told.code == 0, (arguments, told.out, told.err)
        return told

    began = processor_seconds()
    moor("init", "--from", "minimal", "--owner", OWNER, "--agent", "helper", "--yes")
    assert processor_seconds() - began < BUDGET_SECONDS
    moor("validate", "--against", "HEAD")
    on_free_ports(repo.root)
    repo.commit("our own agents")
    try:
        assert moor("up", "--json").json["answer"]["text"] == "I am helper, and I answer questions."
        assert "pass: 5 cases, simulated evidence" in moor("eval").out
        refused = process("-C", repo.root, "init", "--owner", OWNER, "--yes", "--json")
        assert (refused.code, refused.json["reason"]) == (1, "guarded")

        moor("new", "agent", "desk", "--environment", "local")
        moor("new", "suite", "desk/smoke")
        moor("new", "resilience", "patient")
        moor("new", "model", "local/qwen2-5-3b-instruct")
        moor("new", "promptpart", "tone")
        moor("new", "tool", "crm/find-customer")
        repo.edit("configs/agents/desk.yaml", "resilience: standard", "resilience: patient")
        repo.edit("configs/agents/desk.yaml", "tools: []", "tools: [crm/find-customer]")
        repo.edit("configs/agents/desk.yaml", "\nresilience:", "\n  L2: local/qwen2-5-3b-instruct\nresilience:")
        repo.edit("configs/environments/local.yaml", "services: {}", "services: {crm: 'http://127.0.0.1:9/crm'}")
        repo.edit("prompts/desk.yaml", "  - role: user", '      {% include "shared/tone" %}\n  - role: user')
        moor("new", "prompt", "letters")
        moor("new", "agent", "letters", "--environment", "local")
        moor("new", "environment", "qa")
        on_free_ports(repo.root)
        moor("bump")
        moor("validate", "--against", "HEAD")
        repo.commit("more of our own")
        assert "0 of " in moor("deploy", "local").out
        assert "pass: 6 cases, simulated evidence" in moor("eval").out
    finally:
        process("-C", repo.root, "down")


@pytest.mark.timeout(300)
def test_the_example_answers_under_another_owner(tmp_path: Path, process: Any) -> None:
    repo = copied(tmp_path)
    begin(repo, process)
    told = process("-C", repo.root, "init", "--from", "example", "--owner", OWNER, "--agent", "support", "--yes")
    assert told.code == 0, told.err
    repo.commit("our own agents")
    try:
        up = process("-C", repo.root, "up", "--json")
        assert (up.code, up.json["answer"]["agent"]) == (0, "support")
        evaluated = process("-C", repo.root, "eval")
        assert evaluated.code == 0, evaluated.out
    finally:
        process("-C", repo.root, "down")
