"""What a supervisor must know after its own death: one small file, written whole or not at all."""

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.rollout.state import SLOTS
from mooring.targets.local.tallies import Tallies


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
        kept = {name: value for name, value in data.items() if name not in ("workers", *alone)}
        return cls(**kept, workers=[WorkerMemory(**worker) for worker in workers])

    def worker(self, number: int) -> WorkerMemory:
        """That of a worker; the first one is number 1."""
        while len(self.workers) < number:
            self.workers.append(WorkerMemory())
        return self.workers[number - 1]


@dataclass(slots=True)
class Memory:
    """`listen` is host:port as bound; `live` the slot that should accept; `token` the highest one seen.

    `machine` names this state folder among all that serve the environment.
    """

    path: Path
    listen: str = ""
    live: str | None = None
    token: int = 0
    simulator_port: int = 0
    monitor_port: int = 0
    machine: str = field(default_factory=lambda: secrets.token_hex(8))
    slots: dict[str, SlotMemory] = field(default_factory=lambda: {name: SlotMemory() for name in SLOTS})
    tallies: Tallies = field(default_factory=Tallies)

    @classmethod
    def load(cls, path: Path) -> Self:
        """What the last supervisor wrote; fresh when there is none, or none that can be read."""
        try:
            data = json.loads(path.read_text())
            slots = {name: SlotMemory.load(data["slots"][name]) for name in SLOTS}
            tallies = Tallies(**data["tallies"]) if "tallies" in data else Tallies()
            return cls(**{**data, "path": path, "slots": slots, "tallies": tallies})
        except FileNotFoundError:
            return cls(path)
        except (ValueError, KeyError, TypeError, AttributeError):
            path.replace(path.with_suffix(".unreadable"))
            return cls(path)

    def save(self) -> None:
        """Failed(STORAGE) when the disk refuses; the old file stays then."""
        data: dict[str, Any] = asdict(self)
        del data["path"]
        temporary = self.path.with_suffix(".new")
        try:
            with temporary.open("w") as file:
                json.dump(data, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(self.path)
        except OSError as error:
            raise Failed(Reason.STORAGE, f"cannot write {self.path}: {error.strerror}", "make room") from None

    def switch(self, to: str) -> None:
        """Makes `to` the live slot, on disk first."""
        if self.live is not None:
            self.slots[self.live].idle_since = time.time()
        self.live = to
        self.tallies.switches += 1
        self.save()
