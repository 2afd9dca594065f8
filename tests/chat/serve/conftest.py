"""A door that is open on loopback, with the four stand-ins behind it and actions that a test holds in its hand."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from mooring.chat.action import Action, Context, Notify, Preview
from mooring.chat.answer import Answer, Stage
from mooring.chat.command import Command
from mooring.chat.platforms import table
from mooring.chat.platforms.platform import Incoming
from mooring.chat.serve.door import Door
from mooring.commands import beside
from mooring.rollout import chatted
from mooring.rollout.ledger import Ledger
from mooring.spec.chat import Chat
from tests.chat.standins import discord, feishu, github, slack
from tests.chat.standins.standin import StandIn

ANNA = {"name": "anna", "github": "anna", "slack": slack.USER, "feishu": feishu.USER, "discord": discord.USER}


def document(*platforms: str, **changes: Any) -> Chat:
    """One in which anna may everything."""
    doors = {"github": github.GitHub.door, "slack": slack.Slack.door, "feishu": feishu.Feishu.door}
    doors["discord"] = discord.Discord.door
    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0", "description": "Chat."}
    people = {"people": [{**ANNA, "roles": ["operator"]}], "roles": {"operator": {"commands": ["*"]}}}
    data = {**head, "owner": "@acme/agents", **people, **{name: doors[name] for name in platforms}, **changes}
    return Chat.model_validate(data)


@dataclass
class Held:
    """An action that does what it does once it may. `ran` counts how often it began."""

    changes: bool = False
    may: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    ran: int = 0
    says: tuple[str, ...] = ()
    pause: float = 0.0

    def preview(self, command: Command, context: Context) -> Preview:
        return Preview(Answer(Stage.ASKS, f"{command.text} would change one thing", language=command.language), "one")

    def run(self, command: Command, context: Context, notify: Notify) -> Answer:
        self.ran += 1
        for line in self.says:
            notify(line)
            time.sleep(self.pause)
        self.begun.set()
        assert self.may.wait(60)
        return Answer(Stage.DONE, f"{command.name} is done in {context.environment}", language=command.language)


def quick(**more: Any) -> Held:
    """One that is done at once."""
    held = Held(**more)
    held.may.set()
    return held


class Open:
    """A door with its server, in a thread of its own."""

    def __init__(self, root: Path, chat: Chat, actions: Mapping[str, Action], environ: Mapping[str, str]) -> None:
        self._root, self._chat, self._actions, self._environ = root, chat, actions, environ
        self.loop = asyncio.new_event_loop()
        self.door: Door
        self.url = ""
        self._opened = threading.Event()
        self._ended = asyncio.Event()
        self._kill = False
        self._thread = threading.Thread(target=lambda: self.loop.run_until_complete(self._run()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._opened.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, *, kill: bool = False) -> None:
        """`kill` ends it without waiting for anything, as far as a thread can."""
        if self._thread.is_alive():
            self._kill = kill
            self.loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(60)

    async def _run(self) -> None:
        def make(chat: Chat, name: Any) -> Any:
            made: Any = table.adapter(chat, name, self._environ)
            if name == "github":
                made.pauses = (0.0,)
            return made

        self.door = Door(self._root, self._root / ".mooring" / "local", "local", self._actions, make)
        vars(self.door.contexts)["document"] = lambda _environment: self._chat
        listening = socket.create_server(("127.0.0.1", 0))
        server = beside.server(self.door.app)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._opened.set()
        await self._ended.wait()
        server.stop()
        await serving
        if not self._kill:
            await self.door.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    def ask(self, work: Callable[[], Any]) -> Any:
        """The result of a coroutine in the door's loop."""
        return asyncio.run_coroutine_threadsafe(work(), self.loop).result(60)

    def deliver(self, platform: str, incoming: Incoming) -> httpx2.Response:
        headers = dict(incoming.headers)
        return httpx2.post(f"{self.url}/{platform}", content=incoming.body, headers=headers, timeout=30)

    @property
    def ledger(self) -> Ledger:
        found = self.door.records.ledger()
        assert found
        return found

    def recorded(self) -> list[str]:
        """Decisions, the oldest first."""
        return [str(each.event["decision"]) for each in chatted.newest(self.ledger, "local")][::-1]


@dataclass
class House:
    """A repository with a database, and four platforms."""

    root: Path
    standins: dict[str, StandIn]

    @property
    def slack(self) -> slack.Slack:
        found = self.standins["slack"]
        assert isinstance(found, slack.Slack)
        return found

    @property
    def feishu(self) -> feishu.Feishu:
        found = self.standins["feishu"]
        assert isinstance(found, feishu.Feishu)
        return found

    @property
    def discord(self) -> discord.Discord:
        found = self.standins["discord"]
        assert isinstance(found, discord.Discord)
        return found

    @property
    def github(self) -> github.GitHub:
        found = self.standins["github"]
        assert isinstance(found, github.GitHub)
        return found

    @contextmanager
    def opened(self, actions: Mapping[str, Action], *platforms: str, **changes: Any) -> Iterator[Open]:
        environ = {name: value for each in self.standins.values() for name, value in vars_of(each).items()}
        with Open(self.root, document(*(platforms or self.standins), **changes), actions, environ) as door:
            yield door


def vars_of(standin: Any) -> dict[str, str]:
    environ: dict[str, str] = standin.environ
    return environ


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    (tmp_path / "configs" / "environments").mkdir(parents=True)
    (tmp_path / "configs" / "environments" / "local.yaml").write_text(
        "target: {type: local, listen: '127.0.0.1:0'}\n", encoding="utf-8"
    )
    Ledger.of(tmp_path, "local", tmp_path / ".mooring" / "local", {}).close()
    with ExitStack() as stack:
        kinds: dict[str, Any] = {"slack": slack.Slack, "feishu": feishu.Feishu, "discord": discord.Discord}
        kinds["github"] = github.GitHub
        yield House(tmp_path, {name: stack.enter_context(kind().serving()) for name, kind in kinds.items()})


def until(holds: Callable[[], Any]) -> Any:
    end = time.monotonic() + 60
    while not (value := holds()):
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.02)
    return value
