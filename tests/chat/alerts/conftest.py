"""A channel that writes down what it is told, and a database to remember it in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mooring.chat.answer import Answer, Stage
from mooring.chat.platforms.platform import Posted, Unsent
from mooring.chat.said import Place
from mooring.spec.chat import Chat
from mooring.state.transactions import Transactions


@dataclass
class Channel:
    """As much of an adapter as alerts use. `down` refuses everything; `messages` are what stands there by number."""

    name: str = "slack"
    down: bool = False
    messages: dict[int, Answer] = field(default_factory=dict)
    places: dict[int, str] = field(default_factory=dict)
    edits: int = 0

    async def post(self, place: Place, answer: Answer) -> Posted:
        self._up()
        number = len(self.messages) + 1
        self.messages[number], self.places[number] = answer, place.channel
        return Posted({"number": number})

    async def edit(self, place: Place, posted: Posted, answer: Answer) -> Posted:
        self._up()
        assert self.places[posted.handle["number"]] == place.channel
        self.messages[posted.handle["number"]] = answer
        self.edits += 1
        return posted

    def _up(self) -> None:
        if self.down:
            raise Unsent("the channel is down")

    @property
    def titles(self) -> list[str]:
        return [answer.title for answer in self.messages.values()]

    @property
    def stages(self) -> list[Stage]:
        return [answer.stage for answer in self.messages.values()]


def chat(language: str = "en", **channels: list[str]) -> Chat:
    """A document with one platform, whose channels are by severity."""
    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0", "description": "Chat."}
    door = {"signingSecret": "env:SECRET", "token": "env:TOKEN", "channels": channels}
    return Chat.model_validate({**head, "owner": "@acme/agents", "language": language, "slack": door})


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Transactions]:
    opened = Transactions(f"sqlite:///{tmp_path / 'state.db'}")
    yield opened
    opened.close()


@dataclass
class Clock:
    now: float = 1.8e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


Run = Callable[[Any], Any]
