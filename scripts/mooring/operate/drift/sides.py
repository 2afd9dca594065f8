"""The three sides that are compared: what git makes of an environment, what was deployed, and what runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mooring.errors import Refused, Stopped
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout.ledger import Entry
from mooring.rollout.patches import Hotfix
from mooring.rollout.state import Kind, State
from mooring.rollout.target import Facts


@dataclass(frozen=True, slots=True)
class Git:
    """What a commit makes of the environment. `program` is the digest of the code it holds, None when it holds none."""

    ref: str
    commit: str
    release: Release
    program: str | None


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the ledger says is live, and how it came there. `release` is None when its stored file cannot be used.

    `base` is the release that came from git: itself, or that which a hotfix was made of.
    """

    digest: str
    release: Release | None
    base: Release | None
    kind: str
    actor: str
    at: float
    commit: str | None
    hotfix: Hotfix | None


@dataclass(frozen=True, slots=True)
class Running:
    """One slot. `content` is as its process has it in memory; None where it did not say, and `why` says so.

    `wanted` is the digest that it was given.
    """

    slot: str
    live: bool
    wanted: str
    digest: str | None = None
    content: Mapping[str, Any] | None = None
    program: str | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Altered:
    """A stored release that is not what its name says, or is gone."""

    digest: str
    why: str


class Target(Protocol):
    """What is asked of an environment's target."""

    def facts(self) -> Facts: ...

    def release(self, digest: str) -> Release: ...

    def config(self, slot: str) -> dict[str, Any]: ...


class Ledger(Protocol):
    """What is asked of the ledger."""

    def state(self, environment: str) -> State: ...

    def entries(self, limit: int = 50, environment: str | None = None) -> list[Entry]: ...

    def commit_of(self, environment: str, digest: str) -> str | None: ...


class Shelf:
    """The stored releases of a target, each read and verified once; `altered` are those that could not be."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[str, Release | None] = {}
        self.altered: list[Altered] = []

    @property
    def whole(self) -> dict[str, Release]:
        """The releases that were read, by digest."""
        return {digest: release for digest, release in self._known.items() if release}

    def get(self, digest: str) -> Release | None:
        """A release, or None when its file cannot be used."""
        if digest not in self._known:
            self._known[digest] = self._read(digest)
        return self._known[digest]

    def _read(self, digest: str) -> Release | None:
        try:
            return self._target.release(digest)
        except Refused as refused:
            if refused.reason is not Reason.TAMPERED:
                raise
            self.altered.append(Altered(digest, str(refused)))
        return None


def deployed(ledger: Ledger, environment: str, shelf: Shelf) -> Deployed | None:
    """The side of the ledger; None when nothing was ever deployed."""
    state = ledger.state(environment)
    if state.live is None:
        return None
    digest, hotfix = state.live.digest, state.hotfix
    asked = next((entry for entry in ledger.entries(ENTRIES, environment) if entry.event.get("digest") == digest), None)
    came_from = hotfix.base if hotfix else digest
    return Deployed(
        digest=digest,
        release=shelf.get(digest),
        base=shelf.get(came_from),
        kind=str(asked.event.get("kind", Kind.DEPLOY)) if asked else Kind.DEPLOY,
        actor=asked.actor if asked else "",
        at=asked.at if asked else 0.0,
        commit=ledger.commit_of(environment, came_from),
        hotfix=hotfix,
    )


ENTRIES = 1000
"""How far back the ledger is searched."""


def running(target: Target, facts: Facts) -> list[Running]:
    """Every slot that holds a release, the live one first."""
    held = [
        (name, facts.live is not None and facts.live.slot == name, slot.digest)
        for name, slot in facts.slots.items()
        if slot.digest
    ]
    return [_running(target, *one) for one in sorted(held, key=lambda one: (not one[1], one[0]))]


def _running(target: Target, slot: str, live: bool, wanted: str) -> Running:
    try:
        said = target.config(slot)
    except Stopped as stopped:
        return Running(slot, live, wanted, why=str(stopped))
    return Running(slot, live, wanted, said["digest"], said["content"], said.get("program"))


def content_of(said: Mapping[str, Any], stored: Release | None) -> ReleaseContent:
    """What a process has in memory, as a typed value; that of the stored release where both say the same."""
    import json

    if stored is not None and json.loads(stored.data) == said:
        return stored.content
    return ReleaseContent.model_validate(said)
