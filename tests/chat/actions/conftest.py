"""Commands that are carried out on an environment of real processes, with a light app in its slots."""

import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mooring.chat.action import Context
from mooring.chat.actions.table import ACTIONS
from mooring.chat.answer import Answer
from mooring.chat.command import Command, Language
from mooring.operate.records import Records
from mooring.release.release import Release
from mooring.rollout.driver import Request, deploy
from mooring.rollout.receipt import Receipt
from mooring.spec.chat import Chat
from tests.repository import SURROUNDINGS
from tests.targets.conftest import release
from tests.targets.house import Load, loaded
from tests.targets.local.conftest import House, open_house

__all__ = ["release"]  # a fixture


@dataclass
class Room:
    """Where people talk about one environment, whose folder is a git repository."""

    house: House
    root: Path
    document: Chat | None = None
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.records = Records(self.root, self.house.local.state, "local")

    def context(self, person: str = "alice", platform: str = "slack", language: Language = "en") -> Context:
        state = self.house.local.state
        place = (self.root, state, "local", self.house.local, self.records, self.document)
        return Context(*place, person, platform, language, lambda _command: True)

    def asked(self, name: str, language: Language = "en", person: str = "alice", **arguments: str) -> Any:
        """The preview of a command."""
        command = Command(name, arguments, language)
        return ACTIONS[name].preview(command, self.context(person, language=language))

    def said(self, name: str, language: Language = "en", person: str = "alice", **arguments: str) -> Answer:
        """What a command is answered once it is carried out."""
        command = Command(name, arguments, language)
        return ACTIONS[name].run(command, self.context(person, language=language), self.told.append)

    def deploy(self, release: Release, subject: str) -> Receipt:
        """Deploys a release of a commit of its own."""
        (self.root / "configs").mkdir(exist_ok=True)
        (self.root / "configs/release.yaml").write_text(f"{release.digest}\n")
        self.git("add", "configs")
        self.git("commit", "-q", "-m", subject)
        commit = self.git("rev-parse", "HEAD")
        live = self.house.local.live()
        request = Request(release, "ann", commit, f"sha256:{'d' * 64}", live.digest if live else None)
        return deploy(self.house.local, self.house.ledger, request, self.told.append)

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.root), *arguments]
        done = subprocess.run(command, env={**SURROUNDINGS, "PATH": "/usr/bin:/bin"}, capture_output=True, check=True)
        return done.stdout.decode().strip()

    def under_load(self, work: Callable[[], Any]) -> Load:
        return loaded(self.house, work)


def facts(answer: Answer) -> dict[str, str]:
    """The facts of an answer by their labels."""
    return dict(answer.facts)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, release: Callable[..., Release]) -> Iterator[Room]:
    """Release `two` is live, and `one` is warm."""
    root = tmp_path_factory.mktemp("room")
    opened = Room(open_house(root, release("one")), root)
    opened.git("init", "-q", "-b", "main")
    opened.deploy(release("one"), "The first release")
    opened.deploy(release("two"), "Answers are shorter")
    yield opened
    opened.records.close()
    opened.house.local.down()
    opened.house.ledger.close()
