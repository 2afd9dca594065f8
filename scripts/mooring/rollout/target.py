"""What a rollout needs of a target, as two protocols: a Reader that looks and a Writer that changes."""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, Self

from mooring.rollout.objectives.window import Totals
from mooring.rollout.state import Side, other

if TYPE_CHECKING:
    from mooring.release.release import Release

COUNTS = ("received", "answered", "failed", "abandoned")
LOST = "lost"
"""Requests in flight in a process that ended, such as at `kill -9`."""


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    """One of the processes of a slot. `rss` is bytes of memory; `restarts` counts unwanted ends.

    `pod` is where it runs in a cluster, "" on one machine; then `pid` says nothing, and is None.
    """

    number: int
    pid: int | None
    ready: bool
    accepting: bool
    in_flight: int
    restarts: int
    rss: int
    pod: str = ""

    @property
    def identity(self) -> str | int | None:
        """Which process it is; another one when it was replaced."""
        return self.pod or self.pid


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """One slot as it is: the sum of its workers, and ready when all of them are. `pid` is the first one's.

    `totals` are request counts over all processes the slot ever had, COUNTS and LOST. `spare` says how a spare process
    of the same release is: `starting`, `ready`, or None when there is none. `restarts` counts unwanted ends of
    processes since the slot was given its release, and again since it was given the traffic. `runtime` is what a slot
    says of itself, for people.
    """

    digest: str | None = None
    pid: int | None = None
    ready: bool = False
    reasons: tuple[str, ...] = ()
    accepting: bool = False
    totals: dict[str, int] = field(default_factory=dict)
    in_flight: int = 0
    restarts: int = 0
    spare: str | None = None
    rss: int = 0
    runtime: dict[str, Any] = field(default_factory=dict)
    workers: tuple[WorkerFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """The state of a target: which slot has the traffic, and both slots by name.

    `token` is the newest fencing token that it was shown. `machine` names it among all that serve the environment.
    """

    live: Side | None
    slots: dict[str, SlotFacts]
    token: int = 0
    machine: str = ""

    def warm(self) -> Side | None:
        """The idle slot and its release, if it is ready."""
        name = other(self.live.slot) if self.live else "blue"
        slot = self.slots.get(name, SlotFacts())
        return Side(name, slot.digest) if slot.ready and slot.digest else None

    def counts(self) -> dict[str, int]:
        """Requests over both slots: received, answered, failed, abandoned, lost, in_flight."""
        sums = {name: sum(slot.totals.get(name, 0) for slot in self.slots.values()) for name in (*COUNTS, LOST)}
        return {**sums, "in_flight": sum(slot.in_flight for slot in self.slots.values())}


@dataclass(frozen=True, slots=True)
class Terms:
    """What a rollout to a release goes by: seconds until it is given up, and seconds that it is watched."""

    digest: str
    deadline: float
    bake: float

    @classmethod
    def of(cls, release: "Release") -> Self:
        """Those that its environment says."""
        rollout = release.content.environment.rollout
        return cls(release.digest, rollout.deadline_seconds, rollout.bake_seconds)


@dataclass(frozen=True, slots=True)
class Edit:
    """Something that was changed by hand in what a target runs on. `where` names it, `sentence` says what it is now.

    `who` is as the target knows them; `since` is Unix time, None where nobody noted it.
    """

    where: str
    sentence: str
    who: str
    since: float | None


NOTHING = Facts(None, {})
"""The facts of a target where nothing runs."""


class Reader(Protocol):
    """Looks and asks; changes nothing."""

    @property
    def environment(self) -> str: ...

    def facts(self) -> Facts:
        """Failed(NOT_RUNNING) when nothing answers."""

    def release(self, digest: str) -> "Release":
        """A stored release, verified."""

    def terms(self, digest: str) -> Terms:
        """Those of a stored release, verified; quicker than the release."""

    def probe(self, slot: str, agent: str, say: str, timeout: float) -> str:
        """What an agent of a slot answers, live or not. Raises Stopped when it does not."""

    def totals(self, slot: str) -> Totals:
        """What the processes of a slot have counted, by series. Raises Stopped unless all of them say it."""

    def belongs(self, digest: str) -> bool:
        """Whether a stored release can run here; False for one that was made for another cluster, or for a machine."""


class Writer(Protocol):
    """Changes the target. Every call shows a fencing token; Refused(FENCED) when a higher one was seen."""

    def revive(self) -> None:
        """Restarts the part that carries out changes if it has died. Does not touch slots."""

    def fence(self, token: int) -> None:
        """Make older tokens void."""

    def put(self, release: "Release") -> None:
        """Keep a release, so that a slot can be given it."""

    def stage(self, side: Side, token: int) -> None:
        """Begin to run a release in a slot that is not live, unless it runs there. Does not wait until it is ready."""

    def switch(self, to: Side, token: int) -> float:
        """Send traffic to a slot; milliseconds until it had it, the other none. Refused(NOT_READY) changes nothing."""

    def rest(self, side: Side, token: int) -> None:
        """Let a slot that lost the traffic, and has answered its requests, have as much as a standby is to have."""

    def discard(self, side: Side, token: int, instead: str | None) -> None:
        """End a release in a slot that is not live; begin to run another there. Does nothing when it is not there."""


class Target(Reader, Writer, Protocol):
    """Both."""


class Clock(Protocol):
    """A clock that tests can replace."""

    def now(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None: ...


class Wall:
    """The real clock."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)
