"""A ledger in a database of its own, and a target that lives in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import Failed, Refused
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout.ledger import Ledger
from mooring.rollout.objectives.window import Totals
from mooring.rollout.state import SLOTS, Side
from mooring.rollout.target import Facts, SlotFacts, Terms
from mooring.state.place.location import Location


@dataclass
class Clock:
    """Time that passes when somebody sleeps, and by a `tick` at every look; `meanwhile` is called in each sleep."""

    time: float = 1_000_000
    meanwhile: Callable[[], None] = lambda: None
    tick: float = 0.0

    def now(self) -> float:
        self.time += self.tick
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.time += max(seconds, 0.001)
        self.meanwhile()


@dataclass
class Memory:
    """A target without processes: slots are ready at once, unless `broken` holds their digest."""

    environment: str = "local"
    live: str | None = None
    slots: dict[str, SlotFacts] = field(default_factory=lambda: {name: SlotFacts() for name in SLOTS})
    releases: dict[str, Release] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)
    answers: dict[str, str] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)
    rested: list[Side] = field(default_factory=list)
    token: int = 0
    asked: int = 0
    machine: str = "this"
    counted: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)
    counted_in: dict[str, dict[tuple[str, frozenset[tuple[str, str]]], float]] = field(default_factory=dict)
    probed: Callable[[str], None] = lambda _slot: None

    def facts(self) -> Facts:
        digest = self.slots[self.live].digest if self.live else None
        return Facts(
            Side(self.live, digest) if self.live and digest else None, dict(self.slots), self.token, self.machine
        )

    def release(self, digest: str) -> Release:
        return self.releases[digest]

    def terms(self, digest: str) -> Terms:
        return Terms.of(self.releases[digest])

    def probe(self, slot: str, agent: str, say: str, timeout: float) -> str:
        self.asked += 1
        self.probed(slot)
        digest = self.slots[slot].digest or ""
        return self.answers.get(digest, "I find your orders.")

    def totals(self, slot: str) -> Totals:
        return dict(self.counted_in.get(slot, self.counted))

    def belongs(self, digest: str) -> bool:
        return digest not in self.foreign

    def revive(self) -> None:
        pass

    def fence(self, token: int) -> None:
        if token < self.token:
            raise Refused(Reason.FENCED, "a newer token was seen")
        self.token = token

    def put(self, release: Release) -> None:
        self.releases[release.digest] = release

    def stage(self, side: Side, token: int) -> None:
        self.fence(token)
        assert side.slot != self.live
        if self.slots[side.slot].digest != side.digest:
            ready = side.digest not in self.broken
            reasons = () if ready else ("it does not start",)
            self.slots[side.slot] = SlotFacts(side.digest, 1, ready, reasons)

    def switch(self, to: Side, token: int) -> float:
        self.fence(token)
        if not self.slots[to.slot].ready:
            raise Refused(Reason.NOT_READY, f"{to.slot} is not ready")
        self.live = to.slot
        return 0.5

    def rest(self, side: Side, token: int) -> None:
        self.fence(token)
        self.rested.append(side)

    def discard(self, side: Side, token: int, instead: str | None) -> None:
        self.fence(token)
        assert side.slot != self.live
        self.slots[side.slot] = SlotFacts(instead, 1, ready=instead is not None)

    def serve(self, answered: int, failed: int = 0) -> None:
        """Count requests in the live slot."""
        if self.live is None:
            raise Failed(Reason.NOT_RUNNING, "nothing is live")
        slot = self.slots[self.live]
        more = {"received": answered + failed, "answered": answered, "failed": failed}
        self.slots[self.live] = replace(slot, totals={k: slot.totals.get(k, 0) + v for k, v in more.items()})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def location(tmp_path: Path) -> Location:
    """A file; `everywhere` takes its place where the promises are those of the database."""
    return Location(tmp_path / "state", "local")


@pytest.fixture
def everywhere(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Location:
    """Where the database is, on each engine."""
    if database_url.startswith("sqlite"):
        return Location(tmp_path / "state", "local")
    monkeypatch.setenv("LEDGER_URL", database_url)
    return Location(tmp_path / "state", "local", "env:LEDGER_URL")


@pytest.fixture
def ledger(location: Location, clock: Clock) -> Iterator[Ledger]:
    """A ledger whose clock is the test's."""
    opened = Ledger(location, clock=clock.now)
    yield opened
    opened.close()


@pytest.fixture
def target() -> Memory:
    return Memory()


@pytest.fixture
def release(edit: Callable[[dict[str, Any]], ReleaseContent]) -> Callable[..., Release]:
    """A release that differs from others by its number."""

    def make(number: int, **rollout: Any) -> Release:
        values = {f"environment.rollout.{name}": value for name, value in rollout.items()}
        return Release.of(edit({"environment.description": f"Number {number}.", **values}))

    return make
