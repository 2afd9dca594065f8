"""The workflow of comments: its shell step, as a runner carries it out, on an environment that is up."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.chat.platforms.platform import Incoming
from tests.chat.standins.github import REPOSITORY, TOKEN, GitHub
from tests.house.test_workflows import GITHUB, load
from tests.repository import SURROUNDINGS, Repo, copied, up

PATH = GITHUB / "workflows/chat.yml"
CHAT = {
    "apiVersion": "mooring/v1",
    "kind": "Chat",
    "name": "chat",
    "version": "1.0.0",
    "description": "Chat.",
    "owner": "@tidewater/platform",
    "roles": {"operator": {"commands": ["agent *", "deploy *"]}},
    "github": {**GitHub.door, "roles": {"maintain": "operator"}},
}


def job() -> dict[str, Any]:
    found: dict[str, Any] = load(PATH)["jobs"]["chat"]
    return found


def test_nothing_of_the_comment_reaches_a_shell_or_an_expression_but_its_first_sign() -> None:
    text = PATH.read_text(encoding="utf-8")
    assert re.findall(r"github\.event\.comment\.\S+", text) == [
        "github.event.comment.body,",
        "github.event.comment.user.type",
    ]
    assert "comment" not in " ".join(step.get("run", "") for step in job()["steps"])
    assert "secrets." not in text
    assert "github.event.issue" not in text


def test_only_the_default_branch_is_checked_out_on_the_machine_of_the_environment() -> None:
    (checkout,) = (step for step in job()["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["ref"] == "${{ github.event.repository.default_branch }}"
    assert job()["runs-on"] == ["self-hosted", "${{ matrix.environment }}-rollback"]
    assert load(PATH)[True] == {"issue_comment": {"types": ["created"]}}
    assert job()["timeout-minutes"] <= 20


def test_a_command_without_an_environment_is_heard_by_one_of_them() -> None:
    assert [each["hears"] for each in job()["strategy"]["matrix"]["include"]].count("--default") == 1


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Repo, GitHub]]:
    found = copied(tmp_path_factory.mktemp("job"))
    head = "# yaml-language-server: $schema=../../schemas/chat.schema.json\n"
    (found.root / "configs/operations/chat.yaml").write_text(head + yaml.safe_dump(CHAT), encoding="utf-8")
    local = found.root / "configs/environments/local.yaml"
    text = "".join(line for line in local.read_text().splitlines(keepends=True) if not line.startswith("chat:"))
    local.write_text(f"{text.replace('deadlineSeconds: 30', 'deadlineSeconds: 120')}chat: chat\n")
    (found.root / "scripts").mkdir(exist_ok=True)
    (found.root / "scripts/moor").write_text(f'#!/bin/sh\nexec {sys.executable} -m mooring "$@"\n')
    (found.root / "scripts/moor").chmod(0o755)
    found.keep_suites(())  # what takes long while others load the machine
    with ExitStack() as stack:
        host = stack.enter_context(GitHub().serving())
        stack.enter_context(up(found))
        yield found, host


def run(repo: Repo, host: GitHub, incoming: Incoming, hears: str = "--default") -> str:
    """Carries out the job's last step for an event; what it prints."""
    step = job()["steps"][-1]
    event = repo.root / ".mooring/event.json"
    event.write_bytes(incoming.body)
    environ = {**SURROUNDINGS, "PATH": "/usr/bin:/bin", "HOME": str(repo.root), "GITHUB_EVENT_PATH": str(event)}
    environ |= {"GITHUB_EVENT_NAME": "issue_comment", "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_API_URL": host.url}
    environ |= {"GH_TOKEN": TOKEN, "ENVIRONMENT": "local", "HEARS": hears}
    done = subprocess.run(
        ["bash", "-e", "-c", step["run"]], cwd=repo.root, env=environ, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_comment_is_answered_once_by_whoever_may(repo: tuple[Repo, GitHub]) -> None:
    found, host = repo
    said = host.comment("/agent status", time.time())
    number = json.loads(said.body)["comment"]["id"]
    assert run(found, host, said) == f"comment-{number} was heard and answered"
    assert len(host.written) == 1
    assert run(found, host, said) == f"comment-{number} was heard before"
    assert len(host.written) == 1
    host.permissions["mallory"] = ("read", "read")
    run(found, host, host.comment("/deploy rollback", time.time(), "mallory"))
    assert len(host.written) == 2
    assert "mallory" in host.written[1]


@pytest.mark.slow
def test_what_is_meant_for_another_environment_or_is_no_command_is_left_alone(repo: tuple[Repo, GitHub]) -> None:
    found, host = repo
    before = len(host.written)
    named = host.comment("/agent status in production", time.time())
    assert run(found, host, named) == "nothing to do: another environment is meant"
    assert (
        run(found, host, host.comment("/help", time.time()), hears="") == "nothing to do: another environment is meant"
    )
    evil = host.comment('/agent status"; touch /tmp/owned; echo "$(id)', time.time())
    run(found, host, evil)
    assert not Path("/tmp/owned").exists()
    assert run(found, host, host.comment("looks good to me", time.time())).startswith("nothing to do")
    assert len(host.written) == before + 1  # the one that is no command of ours, and says what was meant perhaps
