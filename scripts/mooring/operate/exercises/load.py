"""Clients that ask again and again while something is done to the copy, and what they saw of it."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from mooring.change.wording import count
from mooring.operate.exercises.client import Client, Lost, Reply
from mooring.spec.environment import Probe

CLIENTS = 6
PAUSE_SECONDS = 0.05
"""Between an answer and the next question of a client."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request: when it was sent and when it ended, by the monotonic clock; status 0 when no answer came."""

    began: float
    ended: float
    status: int
    rung: str = ""
    slot: str = ""
    why: str = ""

    @property
    def good(self) -> bool:
        return self.status == 200

    @property
    def lost(self) -> bool:
        return self.status == 0


@dataclass
class Load:
    """What all clients saw, in the order in which requests ended."""

    seen: list[Seen] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def since(self, begin: float, end: float = float("inf")) -> list[Seen]:
        """Requests that ended within a span of the monotonic clock."""
        return sorted((one for one in list(self.seen) if begin <= one.ended <= end), key=lambda one: one.ended)


@contextmanager
def loaded(url: str, questions: Sequence[Probe], clients: int = CLIENTS) -> Iterator[Load]:
    """Clients ask the probes of an environment within the block; half of them keep their connections."""
    load = Load()
    threads = [
        threading.Thread(target=_client, args=(load, url, questions, number), daemon=True) for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    try:
        yield load
    finally:
        load.stopped.set()
        for thread in threads:
            thread.join(5)


def _client(load: Load, url: str, questions: Sequence[Probe], number: int) -> None:
    client, asked = Client(url, close=number % 2 == 0), number
    while not load.stopped.wait(PAUSE_SECONDS):
        probe = questions[asked % len(questions)]
        asked += 1
        began = time.monotonic()
        try:
            reply = client.ask(probe.agent, probe.say)
        except Lost as lost:
            load.seen.append(Seen(began, time.monotonic(), 0, why=str(lost)))
        else:
            load.seen.append(_of(reply, began))
    client.close()


def _of(reply: Reply, began: float) -> Seen:
    error = reply.body.get("error")
    why = str(error.get("code")) if isinstance(error, dict) else ""
    return Seen(began, time.monotonic(), reply.status, reply.rung, reply.slot, why)


@dataclass(frozen=True, slots=True)
class Felt:
    """What users felt of a span: `silent` is the longest time without any good answer, in seconds.

    `failed` have another status than 200, `lost` no answer at all.
    """

    requests: int
    failed: int
    lost: int
    silent: float
    rungs: tuple[str, ...]

    def __str__(self) -> str:
        parts = [f"{count(self.failed, 'request')} failed"] if self.failed else []
        parts += [f"{self.lost} cut off"] if self.lost else []
        bad = ", ".join(parts) or "none failed"
        return f"of {self.requests:,} requests {bad}; {self.silent:.1f} s without answers at most"


def felt(load: Load, begin: float, end: float) -> Felt:
    """What users felt of a span of the monotonic clock."""
    within = load.since(begin, end)
    good = [one.ended for one in within if one.good]
    marks = [begin, *good, end]
    silent = max(after - before for before, after in pairwise(marks))
    lost = sum(one.lost for one in within)
    rungs = tuple(sorted({one.rung for one in within if one.good}))
    return Felt(len(within), sum(not one.good for one in within) - lost, lost, silent, rungs)
