"""A repository with the tests' documents, a ledger, and a target that lives in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from mooring.catalog.load import load
from mooring.catalog.source import GitTree
from mooring.errors import Failed, Refused
from mooring.operate.drift.difference import Difference
from mooring.operate.drift.observe import Report, observe
from mooring.outcome import Reason
from mooring.release.program import program
from mooring.release.release import Release
from mooring.release.resolve import resolve
from mooring.rollout import lease
from mooring.rollout.ledger import Ledger
from mooring.rollout.patches import Hotfix, Patch
from mooring.rollout.state import SLOTS, Kind, Requested, Side, State
from mooring.rollout.target import Edit, Facts, SlotFacts, WorkerFacts
from mooring.state.place.location import Location
from tests.repository import Repo, copied

MODEL = "openai/gpt-4-1"


@dataclass
class Slots:
    """What two slots say of themselves."""

    releases: dict[str, Release] = field(default_factory=dict)
    held: dict[str, str] = field(default_factory=dict)
    said: dict[str, dict[str, Any]] = field(default_factory=dict)
    workers: int = 1
    tampered: set[str] = field(default_factory=set)
    live: str | None = "blue"
    down: str = ""
    by_hand: list[Edit] = field(default_factory=list)

    def facts(self) -> Facts:
        if self.down:
            raise Failed(Reason.NOT_RUNNING, self.down)
        workers = tuple(WorkerFacts(number + 1, 1, True, True, 0, 0, 0) for number in range(self.workers))
        slots = {name: SlotFacts(self.held.get(name), ready=True, workers=workers) for name in SLOTS}
        return Facts(Side(self.live, self.held[self.live]) if self.live else None, slots)

    def stored(self, digest: str) -> bytes:
        if digest in self.tampered:
            raise Refused(Reason.TAMPERED, f"{digest} does not hold what its name says")
        return self.releases[digest].data

    def config(self, slot: str, worker: int = 1) -> dict[str, Any]:
        if (named := slot if worker == 1 else f"{slot}.{worker}") in self.said:
            return self.said[named]
        release = self.releases[self.held[slot]]
        content = release.content.model_dump(mode="json")
        return {"digest": release.digest, "program": program(), "content": content}

    def edits(self) -> list[Edit]:
        return self.by_hand

    def hold(self, slot: str, release: Release) -> None:
        self.releases[release.digest] = release
        self.held[slot] = release.digest


@dataclass
class World:
    """Everything that drift is found in. `now` is the time of the next entry of the ledger."""

    repo: Repo
    slots: Slots
    ledger: Ledger
    now: float = 2_000_000_000

    def release(self, ref: str = "HEAD") -> Release:
        return resolve(load(GitTree(self.repo.root, ref))[0], "local")

    def append(self, state: State, event: Any, actor: str = "ann") -> None:
        held = lease.acquire(self.ledger, "local", actor, "test")
        self.ledger.append("local", held.token, actor, event, state)
        lease.release(self.ledger, held)
        self.now += 60

    def deploy(self, ref: str | None = "HEAD", release: Release | None = None, kind: Kind = Kind.DEPLOY) -> Release:
        """Makes the ledger and the live slot say that a commit was deployed."""
        made = release or self.release(ref or "HEAD")
        commit = self.repo.git("rev-parse", ref).strip() if ref else None
        self.slots.hold("blue", made)
        state = State(live=Side("blue", made.digest), trail=(made.digest,))
        self.append(state, Requested(self.now, kind, made.digest, commit))
        return made

    def patch(self, kind: str, name: str, values: dict[str, Any]) -> Release:
        """Makes a hotfix of what was deployed."""
        from mooring.release.patch import patched

        state = self.ledger.state("local")
        assert state.live is not None
        base = state.live.digest
        made = patched(self.slots.releases[base], kind, name, values)
        patch = Patch(kind, name, values, "bob", "it is slow", self.now, self.now + 3600)
        hotfix = Hotfix(made.digest, base, (patch,))
        self.slots.hold("blue", made)
        now = replace(state, live=Side("blue", made.digest), hotfixes=(hotfix,))
        self.append(now, Requested(self.now, Kind.HOTFIX, made.digest, hotfix=hotfix), "bob")
        return made

    def look(self, ref: str = "main") -> Report:
        return observe(self.repo.root, "local", ref, self.slots, self.ledger)

    def found(self, ref: str = "main") -> list[tuple[str, str]]:
        return [(one.moved.value, one.field) for one in self.look(ref).differences]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Environment `local` runs what `main` says."""
    ledger = Ledger(Location(tmp_path / "state", "local"))
    made = World(copied(tmp_path), Slots(), ledger)
    made.deploy()
    yield made
    ledger.close()


@pytest.fixture
def temperature(world: World) -> Callable[[float], tuple[Difference, ...]]:
    """Hotfixes the temperature of a model; the differences that are found then."""

    def patch(value: float) -> tuple[Difference, ...]:
        world.patch("model", MODEL, {"options.temperature": value})
        return world.look().differences

    return patch
