"""What a worker wants to know of the other workers of its slot, whoever knows how they are reached."""

from typing import Any, Protocol


class Others(Protocol):
    """Nothing here raises: a worker that does not answer is left out."""

    worker: int

    async def samples(self) -> dict[int, Any]:
        """The metrics of each by its number, as `Metrics.data` gives them; None for one that does not answer."""

    async def cancel(self, run: str) -> bool:
        """Cancels a run that another process of either slot is at; False when none is."""


class Alone:
    """There is no other worker."""

    worker = 1

    async def samples(self) -> dict[int, Any]:
        """Nobody's."""
        return {}

    async def cancel(self, run: str) -> bool:
        """Nobody is at it."""
        return False
