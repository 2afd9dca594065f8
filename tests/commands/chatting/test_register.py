"""`moor chat register` tells Discord of the grammar's commands."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.main import main
from tests.chat.standins.discord import APPLICATION, PUBLIC, TOKEN, Discord
from tests.repository import Repo, copied

CHAT = f"""\
# yaml-language-server: $schema=../../schemas/chat.schema.json
apiVersion: mooring/v1
kind: Chat
name: chat
version: 1.0.0
description: Who may say what.
owner: "@tidewater/platform"
discord:
  applicationId: "{APPLICATION}"
  publicKey: {PUBLIC}
  token: env:DISCORD_TOKEN
"""


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    found = copied(tmp_path_factory.mktemp("register"))
    (found.root / "configs/operations/chat.yaml").write_text(CHAT)
    local = found.root / "configs/environments/local.yaml"
    local.write_text(f"{local.read_text()}chat: chat\n")
    return found


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Discord]:
    with Discord().serving() as standin:
        for name, value in standin.environ.items():
            monkeypatch.setenv(name, value)
        yield standin


def register(root: Path, environment: str = "local") -> int:
    return main(["-C", str(root), "--json", "chat", "register", environment])


@pytest.mark.slow
def test_discord_is_told_of_the_commands(repo: Repo, api: Discord, capsys: pytest.CaptureFixture[str]) -> None:
    assert register(repo.root) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["commands"] == len(api.commands)
    assert {"agent", "deploy", "help"} <= {command["name"] for command in api.commands}


def test_a_refusal_is_told_without_the_token(repo: Repo, api: Discord, capsys: pytest.CaptureFixture[str]) -> None:
    api.trouble = [401]
    assert register(repo.root) == 1
    shown = capsys.readouterr()
    assert "Discord refused a PUT: HTTP 401" in shown.out + shown.err
    assert TOKEN not in shown.out + shown.err


def test_a_token_that_is_missing_is_named(
    repo: Repo, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    assert register(repo.root) == 2
    shown = capsys.readouterr()
    assert "DISCORD_TOKEN is not set" in shown.out + shown.err


def test_an_environment_without_discord_has_nothing_to_register(
    repo: Repo, api: Discord, capsys: pytest.CaptureFixture[str]
) -> None:
    assert register(repo.root, "staging") == 1
    shown = capsys.readouterr()
    assert "does not connect Discord" in shown.out + shown.err
    assert api.calls == []
