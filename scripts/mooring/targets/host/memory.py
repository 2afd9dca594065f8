"""What a supervisor must know after its own death: small files, each written whole or not at all.

Versions before this one read `supervisor.json` and refuse a key that they do not know. So it keeps the keys of the
first version, and what came later is in a file of its own.
"""

import json
import logging
import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from mooring import private
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS
from mooring.targets.host.tallies import Tallies

WATCHED = "watched.json"
"""Beside `supervisor.json`: what came after its first version."""

BESIDE = ("monitor", "chat")
"""Processes beside the slots, whose ports stay the same."""

_UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)

log = logging.getLogger("mooring.supervisor")


@dataclass(slots=True)
class WorkerMemory:
    """`pid` is the process that serves, or served last. `totals` are counts of processes that ended."""

    pid: int | None = None
    totals: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class SlotMemory:
    """`digest` is what the slot should hold; `idle_since` is when it last stopped being live. `workers` are all that
    it ever had at once, the first one first."""

    digest: str | None = None
    idle_since: float = 0
    workers: list[WorkerMemory] = field(default_factory=list)

    @classmethod
    def load(cls, data: dict[str, Any]) -> Self:
        """Raises TypeError for what nobody wrote."""
        alone = {name: data[name] for name in ("pid", "totals") if name in data}  # before a slot had several workers
        workers = data.get("workers", [alone] if alone else [])
        known = [WorkerMemory(**_only(worker, ("pid", "totals"))) for worker in workers]
        return cls(**_only(data, ("digest", "idle_since")), workers=known)

    def worker(self, number: int) -> WorkerMemory:
        """That of a worker; the first one is number 1."""
        while len(self.workers) < number:
            self.workers.append(WorkerMemory())
        return self.workers[number - 1]


@dataclass(slots=True)
class Memory:
    """`listen` is host:port as bound; `live` the slot that should accept; `token` the highest one seen.

    `ports` are those of processes beside the slots, by name. `machine` names this state folder among all that serve
    the environment.
    """

    path: Path
    listen: str = ""
    live: str | None = None
    token: int = 0
    simulator_port: int = 0
    machine: str = field(default_factory=lambda: secrets.token_hex(8))
    slots: dict[str, SlotMemory] = field(default_factory=lambda: {name: SlotMemory() for name in SLOTS})
    ports: dict[str, int] = field(default_factory=lambda: dict.fromkeys(BESIDE, 0))
    tallies: Tallies = field(default_factory=Tallies)

    _watched: str = field(default="", repr=False, compare=False)
    """What `watched.json` has by now."""

    @classmethod
    def load(cls, path: Path, *, put_aside: bool = False) -> Self:
        """What the last supervisor wrote; fresh when there is none, or none that can be read.

        Only a supervisor may have it `put_aside` then: whoever merely looks must not take it from a version that can.
        """
        memory = cls(path)
        if data := _read(path, put_aside):
            try:
                slots = {name: SlotMemory.load(data["slots"][name]) for name in SLOTS}
                known = _only(data, ("listen", "live", "token", "simulator_port", "machine"))
                memory = cls(path, **known, slots=slots)
            except _UNREADABLE:
                _aside(path, put_aside)
        if later := _read(path.with_name(WATCHED), put_aside):
            try:
                memory.ports = {name: int(later.get(f"{name}_port", 0)) for name in BESIDE}
                memory.tallies = Tallies.load(later["tallies"])
            except _UNREADABLE:
                _aside(path.with_name(WATCHED), put_aside)
        return memory

    def save(self) -> None:
        """Failed(STORAGE) when the disk refuses; the old file stays then."""
        data: dict[str, Any] = asdict(self)
        del data["path"], data["_watched"]
        ports = {f"{name}_port": port for name, port in data.pop("ports").items()}
        watched = json.dumps({**ports, "tallies": data.pop("tallies")}, indent=1)
        try:
            private.write(self.path, json.dumps(data, indent=1), lasting=True)
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot write {self.path}: {error.strerror}", "make room") from None
        if watched != self._watched:
            try:
                private.write(self.path.with_name(WATCHED), watched, lasting=False)
                self._watched = watched
            except OSError as error:  # no more than counts: what serves needs none of it
                log.warning("cannot write %s: %s", self.path.with_name(WATCHED), error.strerror)

    def switch(self, to: str) -> None:
        """Makes `to` the live slot, on disk first."""
        if self.live is not None:
            self.slots[self.live].idle_since = time.time()
        self.live = to
        self.tallies.switches += 1
        self.save()


def _only(data: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Without what another version added."""
    return {name: data[name] for name in names if name in data}


def _read(path: Path, put_aside: bool) -> dict[str, Any]:
    """Empty where there is none, or none that can be read."""
    try:
        return dict(json.loads(path.read_text()))
    except FileNotFoundError:
        return {}
    except _UNREADABLE:
        _aside(path, put_aside)
        return {}


def _aside(path: Path, put_aside: bool) -> None:
    if put_aside:
        log.error("%s cannot be read and is put aside", path)
        path.replace(path.with_suffix(".unreadable"))
