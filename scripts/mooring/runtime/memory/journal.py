"""What the runtime asks of whatever keeps its runs."""

from dataclasses import dataclass
from typing import Protocol

from mooring.runtime.memory.run import Request, Run
from mooring.runtime.memory.store import StoredRun


@dataclass(frozen=True)
class Lag:
    """What is not on disk yet: how many runs and steps wait, since when, and why ("" when they merely queue)."""

    waiting: int = 0
    seconds: float = 0.0
    reason: str = ""

    @property
    def stalled(self) -> bool:
        """Whether runs continue without being written down."""
        return bool(self.reason)


class Journal(Protocol):
    """Keeps runs. A database that fails neither delays answers for long nor makes them fail."""

    async def open(self) -> None:
        """Opens it. Runs that a dead process left behind are resumed."""

    async def close(self) -> None:
        """Closes it; what is under way is left for other processes."""

    async def start(self, run: Run) -> None:
        """Begins a run and keeps it from here on."""

    async def accept(self, run: Run) -> None:
        """The same for a run whose client is told so: returns once it is kept, or the database has stalled."""

    async def first(self, run: Run) -> bool:
        """Begins a run once it is kept; False when one of its name is. Raises Problem when that is unsure."""

    async def claim(self, run: Run) -> None:
        """Begins the next part of a run, unless another has. Raises Problem, also when that is not certain."""

    async def ticket(self, request: Request, delay: float) -> None:
        """Has a request carried out `delay` seconds from now, by any slot. Asking twice is asking once."""

    async def adopt(self) -> list[str]:
        """Resumes the runs of dead processes; their names."""

    async def find(self, run: str) -> StoredRun | None:
        """A run of any slot. Raises Problem."""

    def live(self, run: str) -> Run | None:
        """A run that is under way in this process."""

    async def cancel(self, run: str) -> bool:
        """Cancels a run that another process is at; False when it cannot. Raises Problem."""

    async def forget(self, run: str) -> None:
        """Removes a run that has ended. Raises Problem."""

    async def settled(self, run: Run) -> None:
        """Waits until the end of a run is written, or the database has stalled."""

    async def attempts(self, ticket: str) -> list[StoredRun]:
        """What has been tried under a ticket, the first first. Raises Problem."""

    async def queued(self) -> int:
        """Questions that wait under tickets, of all slots. Raises Problem."""

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""

    def lag(self) -> Lag:
        """How far what is on disk is behind."""

    def under_way(self) -> int:
        """Runs being worked on now."""
