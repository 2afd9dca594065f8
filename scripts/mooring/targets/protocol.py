"""What commands need of a target, whatever its kind: what a rollout needs, and an operator's verbs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from mooring.rollout.target import NOTHING, Edit, Facts
from mooring.rollout.target import Target as RolloutTarget

if TYPE_CHECKING:
    from mooring.release.release import Release
    from mooring.runtime.core.keys import Keys
    from mooring.state.stored_releases import Releases
    from mooring.state.transactions import Transactions


@dataclass(frozen=True, slots=True)
class Status:
    """What runs. `url` is the public address, `supervisor` a process id; None when nothing runs.

    `ledger` says how this machine stands to the ledger and to others that serve the environment: `entry` is the last
    one it knows, `behind` the release that it follows to, `others` are machines, `ahead` is seconds of its clock.
    `models` are those that this machine serves: where, and the process id, None where somebody else serves it.
    `monitor` is where the environment is watched, `chat` where platforms of chat are heard.
    """

    environment: str
    running: bool
    url: str | None = None
    supervisor: int | None = None
    simulator: str | None = None
    monitor: str | None = None
    chat: str | None = None
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: Facts = NOTHING
    ledger: dict[str, Any] = field(default_factory=dict)

    def data(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


class Target(RolloutTarget, Protocol):
    """One environment. Every verb but `ensure`, `down`, `status`, `live`, `find`, `logs` and `follow` raises
    Failed(NOT_RUNNING) when nothing runs."""

    def ensure(self) -> None:
        """Returns when the environment can be changed: starts what is needed for that. Raises Failed when it cannot."""

    def down(self) -> bool:
        """Stops everything after its requests; False when nothing ran. Raises Refused(LOCKED) during a rollout."""

    def status(self) -> Status:
        """What runs; raises nothing when that is nothing."""

    def live(self) -> "Release | None":
        """The release that has the traffic, or gets it at the next start; None when there is none."""

    def find(self, digest: str) -> str:
        """The whole digest of the stored release that `digest` begins. Raises UsageError unless exactly one matches."""

    def rehearse(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """What an agent of a slot says and calls, live or not, with no effect in the world."""

    def decide(self, slot: str, body: Mapping[str, Any], timeout: float) -> dict[str, Any]:
        """Has a slot go on with a run that waits for a person; `body` is as the slot's admin door takes it.

        Its `status` then. Raises Refused(STALE) when it does not wait any more.
        """

    @property
    def database(self) -> "Transactions":
        """The environment's database. Raises Failed(STORAGE) when it is not known where that is."""

    @property
    def releases(self) -> "Releases":
        """The stored releases."""

    @property
    def keys(self) -> "Keys":
        """The keys of callers. A change is in force within a second, whatever is deployed."""

    def stored(self, digest: str) -> bytes:
        """The bytes of a stored release. Refused(TAMPERED) when they are not what its name says."""

    def config(self, slot: str, worker: int = 1) -> dict[str, Any]:
        """The release that a worker of a slot has in memory: digest and content; and the digest of its `program`."""

    def edits(self) -> Sequence[Edit]:
        """What somebody changed by hand in what this runs on, such as objects of a cluster. Raises Stopped."""

    def reapply(self) -> None:
        """Takes back what `edits` finds."""

    def logs(self, name: str, lines: int = 50) -> list[str]:
        """The last lines of a slot's log, or of another part of the target. Raises UsageError for an unknown name."""

    def follow(self, name: str, lines: int) -> Iterator[str]:
        """The last lines of a log, and then every piece that is added; has no end."""

    def tell(self, environ: Mapping[str, str]) -> None:
        """Gives what runs secrets that it did not start with, by the variables that name them."""

    def kill(self, slot: str, worker: int = 1) -> str:
        """Ends a worker of a slot at once, with what it was answering, as a crash does; what was ended.

        Raises Failed(NOT_RUNNING) when it is not there. Somebody starts another in its place.
        """

    def restart(self, name: str | None = None) -> str:
        """Begins to replace the processes of a slot, by default the live one; returns what is restarted."""
