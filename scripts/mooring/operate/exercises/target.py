"""What a live drill needs of a target, beside what a rollout needs."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mooring.rollout.target import SlotFacts
from mooring.rollout.target import Target as RolloutTarget
from mooring.spec import Environment

if TYPE_CHECKING:
    from mooring.state.transactions import Transactions


class Status(Protocol):
    """What runs. `url` is the public address, `supervisor` a process id, `simulator` an address."""

    @property
    def url(self) -> str | None: ...
    @property
    def supervisor(self) -> int | None: ...
    @property
    def simulator(self) -> str | None: ...


class Target(RolloutTarget, Protocol):
    """One environment, as in `targets.protocol`."""

    def ensure(self) -> None: ...
    def down(self) -> bool: ...
    def status(self) -> Status: ...
    def kill(self, slot: str, worker: int = 1) -> str: ...


class InCluster(Target, Protocol):
    """One environment in a cluster, as in `targets.kubernetes`."""

    @property
    def database(self) -> "Transactions": ...
    def exchange(self, method: str, path: str, body: Any, timeout: float) -> tuple[int, Mapping[str, str], bytes]: ...
    def drillable(self) -> None: ...
    def remove(self) -> None: ...


MakeTarget = Callable[[Path, Environment, Path], Target]
"""The target of an environment: (repository, environment, its state folder)."""


def pids(slot: SlotFacts) -> list[int]:
    """The processes of a slot that answer."""
    return [worker.pid for worker in slot.workers if worker.pid]
