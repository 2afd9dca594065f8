"""Conversations in memory: the recently used ones, within a number, an age and a size."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field

from pydantic_ai.messages import ModelMessage


@dataclass
class Remembered:
    """A conversation up to turn `version`. `bytes` is its size as JSON; `created` tells it from one deleted before."""

    id: str
    agent: str
    created: float
    idle_seconds: float
    version: int = 0
    bytes: int = 0
    used: float = 0.0
    messages: list[ModelMessage] = field(default_factory=list)

    def add(self, messages: Iterable[ModelMessage], size: int) -> None:
        """Adds a turn that is `size` bytes as JSON."""
        self.messages.extend(messages)
        self.version += 1
        self.bytes += size


class Recent:
    """Least recently used first out: above `most` of them, or `most_bytes` in all."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most, self.most_bytes = most, most_bytes
        self._kept: OrderedDict[str, Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str) -> Remembered | None:
        """A conversation, if it is in memory."""
        return self._kept.get(name)

    def put(self, conversation: Remembered, now: float) -> None:
        """Keeps a conversation, used at `now`, and evicts others where there is no room."""
        self.drop(conversation.id)
        conversation.used = now
        self._kept[conversation.id] = conversation
        size = sum(kept.bytes for kept in self._kept.values())
        while self._kept and (len(self._kept) > self.most or size > self.most_bytes):
            _, gone = self._kept.popitem(last=False)
            size -= gone.bytes

    def drop(self, name: str) -> None:
        """Evicts one, if it is there."""
        self._kept.pop(name, None)

    def idle(self, now: float) -> list[str]:
        """Those that nobody used for their time."""
        return [name for name, kept in self._kept.items() if now - kept.used > kept.idle_seconds]

    def clear(self) -> None:
        """Evicts all."""
        self._kept.clear()
