"""The other workers of a slot, asked through their admin doors: what each of them counted, and how it is."""

import asyncio
from contextlib import closing
from pathlib import Path
from typing import Any

from mooring.errors import Stopped
from mooring.runtime.process.unix_http import Line

ANSWER = 1.0
"""Seconds that a sibling has to say what it knows."""

GONE = (OSError, EOFError, Stopped)


def name_of(slot: str, worker: int) -> str:
    """The name of a worker and of its door: `blue`, `blue-2`, `blue-3`."""
    return slot if worker == 1 else f"{slot}-{worker}"


class Siblings:
    """Of the worker of `slot` behind `door`, which is one of `workers`."""

    def __init__(self, door: Path, slot: str, worker: int, workers: int) -> None:
        self.worker = worker
        self._folder = door.parent
        self._doors = {other: self._folder / name_of(slot, other) for other in range(1, workers + 1) if other != worker}

    @property
    def numbers(self) -> list[int]:
        """Those of the others."""
        return list(self._doors)

    async def ask(self, worker: int, route: str, timeout: float = ANSWER) -> Any:
        """What another one says; None when it does not answer."""
        return await ask(self._doors[worker], route, None, timeout)

    async def samples(self) -> dict[int, Any]:
        """The metrics of each by its number; None for one that does not answer."""
        answers = await asyncio.gather(*(self.ask(worker, "GET /samples") for worker in self._doors))
        return dict(zip(self._doors, answers, strict=True))

    async def cancel(self, run: str) -> bool:
        """Cancels a run that any process of either slot is at; False when none is, or none that has a door."""
        doors = [path.with_suffix("") for path in self._folder.glob("*.fd")]
        answers = await asyncio.gather(*(ask(door, "POST /cancel", {"run": run}, ANSWER) for door in doors))
        return any(answer and answer["cancelled"] for answer in answers)


async def ask(door: Path, route: str, body: Any, timeout: float) -> Any:
    try:
        with closing(await Line.connect(door)) as line:
            return await line.call(route, body, timeout=timeout)
    except GONE:
        return None
