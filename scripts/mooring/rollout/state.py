"""State, events and commands of a rollout: plain values with a JSON form."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Self

from mooring.outcome import Reason
from mooring.rollout.patches import Hotfix

BLUE, GREEN = SLOTS = ("blue", "green")


def other(slot: str) -> str:
    """The other slot."""
    return GREEN if slot == BLUE else BLUE


class Phase(StrEnum):
    """The phase of a rollout. Every phase before SWITCHING leaves traffic unchanged."""

    IDLE = "idle"
    STAGING = "staging"
    PROBING = "probing"
    SWITCHING = "switching"
    BAKING = "baking"
    REVERTING = "reverting"
    RETIRING = "retiring"
    ABORTING = "aborting"


class Kind(StrEnum):
    """DEPLOY passes every gate; FLIP and ROLLBACK go to a release that passed them before.

    HOTFIX goes to a release that is not from git, and RETURN back to the one that it was made of.
    """

    DEPLOY = "deploy"
    FLIP = "flip"
    ROLLBACK = "rollback"
    HOTFIX = "hotfix"
    RETURN = "return"

    @property
    def back(self) -> bool:
        """Whether it goes to a release that had the traffic before: no gate but the probe for readiness."""
        return self in (Kind.ROLLBACK, Kind.RETURN)

    @property
    def watched(self) -> bool:
        """Whether the release is asked questions before the switch and watched after it."""
        return self in (Kind.DEPLOY, Kind.HOTFIX)


@dataclass(frozen=True, slots=True)
class Side:
    """A release in a slot."""

    slot: str
    digest: str


@dataclass(frozen=True, slots=True)
class State:
    """One environment's rollout. Times are seconds since the epoch.

    `live` has the traffic; `origin` had it before the rollout under way, whose goal is `target`.
    `trail` holds the digests that were committed, the newest last: where a rollback can go. Hotfixes are not in it.
    `hotfixes` are those that are live, or that the rollout under way could end with.
    `verdict` and `detail` say why the last rollout did not commit, or are None and "".
    """

    phase: Phase = Phase.IDLE
    kind: Kind | None = None
    live: Side | None = None
    origin: Side | None = None
    target: Side | None = None
    trail: tuple[str, ...] = ()
    quarantined: str | None = None
    deadline: float = 0
    bake_seconds: float = 0
    bake_until: float = 0
    verdict: Reason | None = None
    detail: str = ""
    hotfixes: tuple[Hotfix, ...] = ()

    @property
    def hotfix(self) -> Hotfix | None:
        """The hotfix that is live; None when what is live came from git."""
        live = self.live.digest if self.live else None
        return next((one for one in reversed(self.hotfixes) if one.digest == live), None)

    @property
    def goal(self) -> Side:
        """The target, which every phase but idle has."""
        if self.target is None:
            raise ValueError(f"no target while {self.phase}")
        return self.target

    def data(self) -> dict[str, Any]:
        """JSON-able; `read` reverses it."""
        return asdict(self)

    @classmethod
    def read(cls, data: dict[str, Any]) -> Self:
        """The state that `data` was made of."""
        sides = {name: Side(**data[name]) if data[name] else None for name in _SIDES}
        return cls(
            **{
                **data,
                **sides,
                "phase": Phase(data["phase"]),
                "kind": Kind(data["kind"]) if data["kind"] else None,
                "trail": tuple(data["trail"]),
                "verdict": Reason(data["verdict"]) if data["verdict"] else None,
                "hotfixes": tuple(Hotfix.read(one) for one in data.get("hotfixes", ())),
            }
        )

    def seen_from(self, live: Side | None) -> Self:
        """The same state with slots named as on a machine where `live` has the traffic.

        Machines agree on what is live, not on the slot that holds it: on this one, it may be the other slot.
        """
        sides = (self.live, self.origin, self.target)
        if live is None or live in sides:
            return self
        held = Side(other(live.slot), live.digest) in sides
        in_the_way = self.target is not None and self.target.slot == live.slot
        return self.change(**{name: _mirrored(getattr(self, name)) for name in _SIDES}) if held or in_the_way else self

    def change(self, **changes: Any) -> Self:
        """A copy with fields replaced."""
        return replace(self, **changes)


_SIDES = ("live", "origin", "target")


def _mirrored(side: Side | None) -> Side | None:
    return Side(other(side.slot), side.digest) if side else None


# --- what happens ---


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a time, in seconds since the epoch."""

    at: float

    def data(self) -> dict[str, Any]:
        """JSON-able, with the kind of event as `event`."""
        return {"event": type(self).__name__.lower(), **asdict(self)}


@dataclass(frozen=True, slots=True)
class Requested(Event):
    """A request to make `digest` live. `warm` is the idle slot if ready; `frozen` says why deployments are frozen.

    `deadline` is the latest time of the switch. `hotfix` says what the release is, where it is not from git.
    `approved` are those who approved its plan. `lifted` says that an owner let it out of its quarantine.
    """

    kind: Kind
    digest: str
    commit: str | None = None
    plan: str | None = None
    evidence: str | None = None
    warm: Side | None = None
    frozen: str | None = None
    deadline: float = 0
    bake_seconds: float = 0
    hotfix: Hotfix | None = None
    approved: tuple[str, ...] = ()
    lifted: bool = False

    def data(self) -> dict[str, Any]:
        return {key: value for key, value in Event.data(self).items() if key not in ("approved", "lifted") or value}


@dataclass(frozen=True, slots=True)
class Staged(Event):
    """The target slot holds its release and is ready."""


@dataclass(frozen=True, slots=True)
class Passed(Event):
    """The probes or the bake passed. `said` is what the bake saw."""

    said: str = ""

    def data(self) -> dict[str, Any]:
        return {key: value for key, value in Event.data(self).items() if key != "said" or value}


@dataclass(frozen=True, slots=True)
class Switched(Event):
    """Traffic goes to the slot of the last switch or revert, which took `ms` milliseconds."""

    ms: float = 0


@dataclass(frozen=True, slots=True)
class Retired(Event):
    """The old slot has no request in flight, or its time is over. It stays warm."""


@dataclass(frozen=True, slots=True)
class Discarded(Event):
    """The target slot no longer holds the refused release."""


@dataclass(frozen=True, slots=True)
class Stumbled(Event):
    """The command of the current phase failed."""

    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Resumed(Event):
    """A new process takes over from a dead one. `live` is the slot that really has the traffic."""

    live: Side | None


@dataclass(frozen=True, slots=True)
class Superseded(Event):
    """A rollback takes over from what is under way. `live` is the slot that really has the traffic."""

    live: Side | None


# --- what is asked for ---


@dataclass(frozen=True, slots=True)
class Command:
    """Asks the driver to act; exactly one event answers it."""


@dataclass(frozen=True, slots=True)
class Stage(Command):
    """Put the release into the slot, unless it is there, and wait until it is ready."""

    target: Side


@dataclass(frozen=True, slots=True)
class Probe(Command):
    """See that the slot is ready; with `questions`, ask the probes too."""

    target: Side
    questions: bool


@dataclass(frozen=True, slots=True)
class Switch(Command):
    """Send traffic to a slot that is ready; refuse otherwise."""

    to: Side


@dataclass(frozen=True, slots=True)
class Bake(Command):
    """Watch the live slot until a time."""

    target: Side
    until: float


@dataclass(frozen=True, slots=True)
class Retire(Command):
    """Let the old slot finish its requests, and `wait` for it or not."""

    side: Side
    wait: bool


@dataclass(frozen=True, slots=True)
class Discard(Command):
    """Take the refused release out of its slot, and warm up `instead` there, if any, without waiting for it."""

    target: Side
    instead: str | None
