"""`moor chat serve` hears in the foreground, and `moor chat github` hears what a workflow runs for."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import httpx2
import pytest
import yaml

from tests.chat.standins.slack import Slack
from tests.repository import Repo, until

CHAT = {
    "apiVersion": "mooring/v1",
    "kind": "Chat",
    "name": "chat",
    "version": "1.0.0",
    "description": "Chat.",
    "owner": "@tidewater/platform",
}


@pytest.fixture
def chatting(repo: Repo) -> Callable[..., None]:
    """Writes a Chat document, which environment `local` names."""

    def write(**platforms: Any) -> None:
        head = "# yaml-language-server: $schema=../../schemas/chat.schema.json\n"
        file = repo.root / "configs/operations/chat.yaml"
        file.write_text(head + yaml.safe_dump({**CHAT, **platforms}), encoding="utf-8")
        local = repo.root / "configs/environments/local.yaml"
        if "chat: chat" not in local.read_text():
            local.write_text(f"{local.read_text()}chat: chat\n", encoding="utf-8")

    return write


@pytest.mark.slow
def test_without_a_connected_platform_there_is_nothing_to_hear(repo: Repo, moor: Any, chatting: Any) -> None:
    said = moor("-C", repo.root, "chat", "serve", "local")
    assert said.code == 1
    assert "names no Chat document that connects a platform" in said.error
    chatting()
    assert "connects a platform" in moor("-C", repo.root, "chat", "serve", "local").error


@pytest.mark.parametrize("where", ["nowhere", "127.0.0.1:", "127.0.0.1:99999"])
def test_a_place_to_listen_that_is_none_is_refused_in_a_line(repo: Repo, moor: Any, chatting: Any, where: str) -> None:
    chatting(slack=Slack.door)
    assert where in moor("-C", repo.root, "chat", "serve", "local", "--listen", where).error


@pytest.mark.slow
def test_an_end_in_json_is_refused(repo: Repo, moor: Any) -> None:
    assert moor("-C", repo.root, "chat", "serve", "local", "--json").code == 2


@pytest.mark.slow
def test_it_hears_until_it_is_interrupted(repo: Repo, chatting: Any, interruptible: None) -> None:
    chatting(slack=Slack.door)
    with Slack().serving() as slack:
        process = subprocess.Popen(
            [sys.executable, "-m", "mooring", "-C", str(repo.root), "chat", "serve", "local"],
            env={**os.environ, **slack.environ},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("hears slack at http://127.0.0.1:")
            url = line.split()[3].removesuffix("/<platform>")
            until(lambda: _alive(url))
            said = slack.slash("/help", time.time())
            answer = httpx2.post(f"{url}/slack", content=said.body, headers=dict(said.headers), timeout=30)
            assert answer.status_code == 503  # nothing is kept of an environment that was never up
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()


def _alive(url: str) -> bool:
    with suppress(OSError), urlopen(f"{url}/livez", timeout=30) as answer:
        return bool(answer.status == 200)
    return False


def test_a_workflow_without_an_event_is_refused(
    repo: Repo, moor: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    assert "there is no event" in moor("-C", repo.root, "chat", "github", "local").error
    (tmp_path / "event.json").write_text("[]")
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "issue_comment")
    assert "there is no event" in moor("-C", repo.root, "chat", "github", "local").error


@pytest.mark.slow
def test_a_workflow_of_another_repository_is_refused(
    repo: Repo, moor: Any, chatting: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"action": "created"}))
    monkeypatch.setenv("GITHUB_EVENT_PATH", str(tmp_path / "event.json"))
    monkeypatch.setenv("GITHUB_EVENT_NAME", "issue_comment")
    monkeypatch.setenv("GITHUB_REPOSITORY", "acme/other")
    monkeypatch.setenv("GH_TOKEN", "token")
    chatting(slack=Slack.door)
    assert "does not connect GitHub" in moor("-C", repo.root, "chat", "github", "local").error
    door = {"repository": "acme/agents", "webhookSecret": "env:SECRET", "token": "env:TOKEN"}
    chatting(github=door)
    refused = moor("-C", repo.root, "chat", "github", "local").error
    assert "hears acme/agents and not acme/other" in refused
