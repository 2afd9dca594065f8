"""An environment that is steered by chat, with real processes: what platforms deliver, to the door that the supervisor
keeps, and back to the platforms."""

import json
import os
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx2
import pytest
import yaml

from mooring.chat.platforms.platform import Incoming
from mooring.main import main
from tests.chat.standins import discord, feishu, github, slack
from tests.repository import Repo, copied, up
from tests.repository import until as wait

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ANNA = {"name": "anna", "github": "anna", "slack": slack.USER, "feishu": feishu.USER, "discord": discord.USER}
CHANNELS = {"page": ["oc_alerts"], "ticket": ["oc_alerts"], "info": ["oc_alerts"]}


@dataclass
class Chatting:
    """A repository whose environment is up, and four platforms."""

    repo: Repo
    slack: slack.Slack
    feishu: feishu.Feishu
    discord: discord.Discord
    github: github.GitHub

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.moor("status", "local")["environments"][0])

    @property
    def url(self) -> str:
        return str(wait(lambda: self.status["chat"]))

    def moor(self, *arguments: str) -> dict[str, Any]:
        """The one object that a command prints."""
        from contextlib import redirect_stdout
        from io import StringIO

        with redirect_stdout(StringIO()) as out:
            main(["-C", str(self.repo.root), "--json", *arguments])
        return dict(json.loads(out.getvalue()))

    def deliver(self, platform: str, incoming: Incoming) -> httpx2.Response:
        headers = dict(incoming.headers)
        return httpx2.post(f"{self.url}/{platform}", content=incoming.body, headers=headers, timeout=60)

    def said(self) -> list[dict[str, Any]]:
        """What the ledger has of chat, the oldest first."""
        entries = self.moor("history", "local", "--chat")["chat"]
        return [dict(entry) for entry in entries][::-1]

    def kill(self) -> None:
        """kill -9 of the door."""
        import psutil

        for process in psutil.process_iter():
            words = _words(process)
            if "mooring.commands.chat_door" in words and str(self.repo.root) in words:
                os.kill(process.pid, signal.SIGKILL)
                process.wait(30)

    @property
    def buttons(self) -> list[str]:
        """The tokens of the buttons of the newest message in Slack."""
        newest = list(self.slack.messages.values())[-1]
        return [each["value"] for block in newest["blocks"] for each in block.get("elements", []) if "value" in each]


def _words(process: Any) -> list[str]:
    import psutil

    try:
        return list(process.cmdline())
    except psutil.Error:
        return []


def written(repo: Repo) -> None:
    """A Chat document, which environment `local` names."""
    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0", "description": "Chat."}
    doors = {"github": github.GitHub.door, "slack": slack.Slack.door, "feishu": feishu.Feishu.door}
    people = [{**ANNA, "roles": ["operator"]}, {"name": "guest", "slack": "U0GUEST", "roles": ["guest"]}]
    roles = {"operator": {"commands": ["*"]}, "guest": {"commands": ["agent status"]}}
    document: dict[str, Any] = {**head, "owner": "@tidewater/platform", "people": people, "roles": roles, **doors}
    document |= {"discord": discord.Discord.door, "feishu": {**feishu.Feishu.door, "channels": CHANNELS}}
    (repo.root / "configs/operations/chat.yaml").write_text(
        "# yaml-language-server: $schema=../../schemas/chat.schema.json\n" + yaml.safe_dump(document), encoding="utf-8"
    )
    local = repo.root / "configs/environments/local.yaml"
    text = local.read_text(encoding="utf-8")
    text = "".join(line for line in text.splitlines(keepends=True) if not line.startswith("chat:"))
    local.write_text(f"{text.replace('deadlineSeconds: 30', 'deadlineSeconds: 120')}chat: chat\n", encoding="utf-8")
    repo.keep_suites(())  # what takes long while others load the machine


@contextmanager
def _environ(values: dict[str, str]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def chatting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chatting]:
    repo = copied(tmp_path_factory.mktemp("chatting"))
    written(repo)
    with ExitStack() as stack:
        kinds: Any = (slack.Slack, feishu.Feishu, discord.Discord, github.GitHub)
        platforms = [stack.enter_context(kind().serving()) for kind in kinds]
        stack.enter_context(_environ({name: value for each in platforms for name, value in each.environ.items()}))
        stack.enter_context(up(repo))
        yield Chatting(repo, *platforms)


def _all_in(found: Mapping[Any, Any], cells: list[str]) -> bool:
    return bool(found) and all(cell in str(found) for cell in cells)


def test_each_platform_is_told_the_same_facts(chatting: Chatting) -> None:
    now = time.time()
    assert chatting.deliver("slack", chatting.slack.slash("/agent status", now)).status_code == 200
    assert chatting.deliver("feishu", chatting.feishu.message("/agent status", now)).status_code == 200
    command = chatting.discord.command("agent", discord.sub("status"), now)
    assert chatting.deliver("discord", command).status_code == 200
    assert chatting.deliver("github", chatting.github.comment("/agent status", now)).status_code == 202
    here = chatting.moor("chat", "run", "/agent status")
    rows = [cell for row in here["table"][1:] for cell in row[:2]]
    assert rows
    for found in (chatting.slack.messages, chatting.feishu.cards, chatting.discord.messages, chatting.github.comments):
        wait(partial(_all_in, found, rows))


def test_a_rollback_is_for_those_who_may_and_flips_once_it_is_confirmed(chatting: Chatting) -> None:
    before = chatting.status["live"]
    shorter(chatting.repo, 14)
    chatting.moor("deploy", "local")
    bad = chatting.status["live"]
    assert bad["digest"] != before["digest"]

    no = chatting.deliver("slack", chatting.slack.slash("/deploy rollback", time.time(), user="U0GUEST"))
    assert "guest, no role of yours allows /deploy rollback in local" in no.text
    wait(lambda: [each for each in chatting.said() if each["person"] == "guest" and each["decision"] == "refused"])
    assert chatting.status["live"] == bad

    known = len(chatting.slack.messages)
    chatting.deliver("slack", chatting.slack.slash("/deploy rollback", time.time()))
    wait(lambda: len(chatting.slack.messages) > known and chatting.buttons)
    yes, (_channel, ts) = chatting.buttons[0], list(chatting.slack.messages)[-1]
    chatting.kill()
    assert chatting.status["live"] == bad

    chatting.deliver("slack", chatting.slack.press(yes, time.time(), user="U0GUEST", ts=ts))
    chatting.deliver("slack", chatting.slack.press(yes, time.time(), ts=ts))
    wait(lambda: chatting.status["live"] == before)
    done = wait(lambda: [each for each in chatting.said() if each["decision"] == "done" and each["changes"]])
    assert (done[-1]["person"], done[-1]["text"], done[-1]["platform"]) == ("anna", "/deploy rollback", "slack")
    deployments = [each for each in chatting.moor("history", "local")["records"] if each["kind"] != "chat"]
    assert deployments[0]["kind"] == "rollback"
    assert deployments[0]["actor"].startswith("anna")
    wait(lambda: "local: rollback to" in str(chatting.feishu.cards))
    chatting.deliver("slack", chatting.slack.press(yes, time.time(), ts=ts))
    wait(lambda: "answered" in str(chatting.said()[-1]))
    assert chatting.status["live"] == before


def shorter(repo: Repo, days: int) -> None:
    repo.edit("prompts/shared/refund-policy.yaml", "within 30 days", f"within {days} days")
    main(["-C", str(repo.root), "--json", "bump"])
    repo.commit("shorter refunds")
