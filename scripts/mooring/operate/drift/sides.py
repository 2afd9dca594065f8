"""The three sides that are compared: what git makes of an environment, what was deployed, and what runs."""

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

from pydantic import ValidationError

from mooring.errors import Refused, Stopped
from mooring.outcome import Reason
from mooring.release.content import ReleaseContent
from mooring.release.release import Release
from mooring.rollout.ledger import Entry
from mooring.rollout.patches import Hotfix
from mooring.rollout.state import Kind, State
from mooring.rollout.target import Edit, Facts


@dataclass(frozen=True, slots=True)
class Git:
    """What a commit makes of the environment. `program` is the digest of the code it holds, None when it holds none."""

    ref: str
    commit: str
    release: "Stored"
    program: str | None


@dataclass(frozen=True, slots=True)
class Deployed:
    """What the ledger says is live, and how it came there. `release` is None when its stored file cannot be used.

    `base` is the release that came from git: itself, or that which a hotfix was made of.
    """

    digest: str
    release: "Stored | None"
    base: "Stored | None"
    kind: str
    actor: str
    at: float
    commit: str | None
    hotfix: Hotfix | None


@dataclass(frozen=True, slots=True)
class Running:
    """One process of a slot. `content` is as it has it in memory; None where it did not say, and `why` says so.

    `wanted` is the digest that the slot was given. Those of its workers that run the same are one.
    """

    slot: str
    live: bool
    wanted: str
    worker: int = field(default=1, compare=False)
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

    def stored(self, digest: str) -> bytes: ...

    def config(self, slot: str, worker: int = 1) -> dict[str, Any]: ...

    def edits(self) -> Sequence[Edit]: ...


class Ledger(Protocol):
    """What is asked of the ledger."""

    def state(self, environment: str) -> State: ...

    def entries(self, limit: int = 50, environment: str | None = None) -> list[Entry]: ...

    def commit_of(self, environment: str, digest: str) -> str | None: ...


@dataclass
class Stored:
    """A release as its bytes have it; what they mean is read when it is asked for."""

    digest: str
    data: bytes

    @cached_property
    def value(self) -> Any:
        """The JSON value."""
        return json.loads(self.data)

    @cached_property
    def release(self) -> Release:
        """Refused(STALE) when another version of the code wrote it."""
        return Release.verified(self.data)

    @property
    def content(self) -> ReleaseContent:
        return self.release.content


class Shelf:
    """The stored releases of a target, each read once; `altered` are those whose bytes are not what their name says."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[str, Stored | None] = {}
        self.altered: list[Altered] = []

    @property
    def whole(self) -> dict[str, Stored]:
        """The releases that were read, by digest."""
        return {digest: stored for digest, stored in self._known.items() if stored}

    def get(self, digest: str) -> Stored | None:
        """A release, or None when its bytes cannot be used."""
        if digest not in self._known:
            self._known[digest] = self._read(digest)
        return self._known[digest]

    def _read(self, digest: str) -> Stored | None:
        try:
            return Stored(digest, self._target.stored(digest))
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


AT_ONCE = 16
"""Processes that are asked at once: an environment in a cluster has many."""

ENTRIES = 1000
"""How far back the ledger is searched."""


def running(target: Target, facts: Facts) -> list[Running]:
    """What every slot that holds a release runs, the live one first: more than one where its workers differ."""
    live = facts.live.slot if facts.live else None
    asked = [
        (target, name, name == live, slot.digest, worker)
        for name, slot in sorted(facts.slots.items(), key=lambda one: (one[0] != live, one[0]))
        if slot.digest
        for worker in [one.number for one in slot.workers] or [1]
    ]
    found: list[Running] = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for said in pool.map(lambda one: _running(*one), asked):
            if said not in found:
                found.append(said)
    return found


def _running(target: Target, slot: str, live: bool, wanted: str, worker: int) -> Running:
    try:
        said = target.config(slot, worker)
    except Stopped as stopped:
        return Running(slot, live, wanted, worker, why=str(stopped))
    return Running(slot, live, wanted, worker, said["digest"], said["content"], said.get("program"))


def content_of(said: Mapping[str, Any], stored: Stored | None) -> ReleaseContent:
    """What a process has in memory, as a typed value; that of the stored release where both say the same.

    Refused(STALE) for what is no release to this version.
    """
    if stored is not None and stored.value == said:
        return stored.content
    try:
        return ReleaseContent.model_validate(said)
    except ValidationError as error:
        wrong = error.errors()[0]
        what = f"it is no release to this version: {'.'.join(map(str, wrong['loc']))}: {wrong['msg']}"
        raise Refused(Reason.STALE, what, "replace its processes: moor restart ENV SLOT") from None
