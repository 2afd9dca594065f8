"""`moor up --local-model`: from a clone to a real model's answer, and what becomes of its server."""

import os
import re
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.commands.conftest import moor, quiet_surroundings
from tests.local_model.conftest import ID, free_port
from tests.repository import Repo, copied, until

__all__ = ["moor", "quiet_surroundings"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

HEAD = """\
# yaml-language-server: $schema=../../{up}schemas/{schema}.schema.json
apiVersion: mooring/v1
kind: {kind}
name: {name}
version: 1.0.0
description: A small model by itself.
owner: "@tidewater/platform"
"""
MODEL = """\
provider: local
id: {id}
apiType: openai-chat
baseUrl: http://127.0.0.1:{port}/v1
weights: smollm2-135m-instruct
contextWindow: 1024
maxInFlight: 2
options: {{temperature: 0.0, maxOutputTokens: 48}}
prices: {{inputPerMillion: 0, outputPerMillion: 0}}
"""
PROMPT = """\
input:
  schema:
    type: object
    additionalProperties: false
    required: [message]
    properties:
      message: {type: string, minLength: 1, maxLength: 2000, description: What the user wrote., x-untrusted: true}
messages:
  - {role: system, content: You answer in one short sentence.}
  - {role: user, content: "{{ message }}"}
"""
AGENT = """\
prompt: small
models: {L0: local/small}
resilience: small
"""
PROFILE = """\
deadlineSeconds: 100
retry: {tries: 2}
breaker: {slowCallSeconds: 40}
ladder:
  rungs:
    L0: {timeoutSeconds: 45}
  apology: {en: Sorry.}
"""
ENVIRONMENT = """\
tier: development
target: {type: local, listen: "127.0.0.1:0"}
endpoints: real
agents: [small]
rollout:
  deadlineSeconds: 100
  bakeSeconds: 0
  drainSeconds: 120
  probes: [{agent: small, say: What is the capital of France?, expect: Paris}]
"""


def write(root: Path, path: str, kind: str, body: str) -> None:
    file = root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"^(configs/\w+|prompts)/", "", path).removesuffix(".yaml")
    up = "../" * (path.count("/") - 2) if path.startswith("configs") else ""
    up = up if path.startswith("configs") else "../" * (path.count("/") - 1)
    head = HEAD.format(up=up, schema=kind.lower(), kind=kind, name=name)
    head = head if path.startswith("configs") else head.replace("../../", "../")
    file.write_text(head + body)


@pytest.fixture
def clone(tmp_path: Path, engine: Path) -> Repo:
    repo = copied(tmp_path)
    write(repo.root, "configs/models/local/small.yaml", "Model", MODEL.format(id=ID, port=free_port()))
    write(repo.root, "prompts/small.yaml", "Prompt", PROMPT)
    write(repo.root, "configs/agents/small.yaml", "Agent", AGENT)
    write(repo.root, "configs/resilience/small.yaml", "Resilience", PROFILE)
    write(repo.root, "configs/environments/own-model.yaml", "Environment", ENVIRONMENT)
    repo.commit("a small model")
    return repo


def test_up_ends_with_what_a_real_model_says_and_its_server_lives_with_the_environment(clone: Repo, moor: Any) -> None:
    try:
        told = moor("-C", clone.root, "up", "--local-model")
        assert told.code == 0, told.err
        assert "(its model, rung L0" in told.out
        said = r"local/small \(a real model at http://127\.0\.0\.1:\d+/v1; [\d.]+ s, \d+ tokens a second\) answers"
        assert re.search(said, told.out)
        assert told.out.rstrip().endswith("The capital of France is Paris.")

        served = _served(moor, clone)
        assert served["state"] == "runs"
        assert f"model local/small runs at {served['url']}" in moor("-C", clone.root, "status", "own-model").out
        assert "listening on" in moor("-C", clone.root, "logs", "own-model", "model", "--lines", "200").out

        os.kill(served["pid"], signal.SIGKILL)
        until(lambda: _pid(moor, clone) not in (None, served["pid"]))
        again = moor("-C", clone.root, "up", "own-model", "--json").json
        assert "Paris" in again["answer"]["text"]
        assert again["model"]["tokens_per_second"] > 0
        last = _pid(moor, clone)
    finally:
        assert moor("-C", clone.root, "down", "own-model").code == 0
    until(lambda: not psutil.pid_exists(last or 0))


def _pid(moor: Any, clone: Repo) -> int | None:
    pid = _served(moor, clone)["pid"]
    assert pid is None or isinstance(pid, int)
    return pid


def _served(moor: Any, clone: Repo) -> dict[str, Any]:
    (told,) = moor("-C", clone.root, "status", "own-model", "--json").json["environments"]
    found: dict[str, Any] = told["models"]["local/small"]
    return found


def test_without_such_an_environment_there_is_a_line_that_says_what_to_write(tmp_path: Path, moor: Any) -> None:
    told = moor("-C", copied(tmp_path).root, "up", "--local-model")
    assert told.code == 2
    assert "no development environment calls a model whose document names `weights`" in told.error
