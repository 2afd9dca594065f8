"""Adapters as a Chat document connects them to the stand-ins, and a clock that stands still while they wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from mooring.chat.platforms.platform import Adapter
from mooring.chat.platforms.sender import Sender
from mooring.chat.platforms.table import adapter
from mooring.spec.chat import Chat, Platform
from tests.chat.platforms.answers import NOW
from tests.chat.standins.discord import Discord
from tests.chat.standins.feishu import Feishu
from tests.chat.standins.github import GitHub
from tests.chat.standins.slack import Slack

STANDINS: dict[str, Any] = {"slack": Slack, "feishu": Feishu, "discord": Discord, "github": GitHub}


class Clock:
    """Time that passes when somebody sleeps; `slept` is how long each time."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def document(**doors: Any) -> Chat:
    head = {"apiVersion": "mooring/v1", "kind": "Chat", "name": "chat", "version": "1.0.0"}
    return Chat.model_validate({**head, "description": "Who may say what.", "owner": "@acme/ops", **doors})


@contextmanager
def connected(platform: Platform) -> Iterator[tuple[Any, Any, Clock]]:
    """The adapter, the stand-in that it talks to, and the clock."""
    clock = Clock()
    with STANDINS[platform]().serving() as standin:
        made: Any = adapter(document(**{platform: standin.door}), platform, standin.environ)
        made.clock = clock
        if platform == "github":
            made.pauses = (0.001, 0.001)
        else:
            made.sender = Sender(made.sender.who, sleep=clock.sleep, clock=clock)
            if platform == "feishu":
                made.__post_init__()
        yield made, standin, clock


@cache
def adapter_of(platform: Platform) -> Adapter:
    """One that is never asked to send."""
    with connected(platform) as (made, _, _):
        found: Adapter = made
        return found
