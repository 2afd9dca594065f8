"""A run that is under way here, and how much of it is written down."""

import asyncio
from collections.abc import Mapping

from pydantic import JsonValue

from mooring.runtime.memory.run import Run
from mooring.runtime.memory.steps import Entry
from mooring.runtime.memory.store import StoredRun
from mooring.state.runs.checkpoints import Change
from mooring.state.runs.parts import Key, Part


class Kept:
    """`part` is the row of a run that another process began, or that was queued, and `recorded` its steps.

    A `strict` run begins only once its row is in the database, and is its own. `taken` is done when the row is there,
    `over` when the end is, or when another has written that.
    """

    def __init__(
        self, run: Run, strict: bool = False, part: Part | None = None, recorded: Mapping[str, JsonValue] | None = None
    ) -> None:
        self.run, self.strict = run, strict
        self.key: Key = (run.request.run, run.request.part)
        self.adopted = part.adopted if part else 0
        self.a_try = part is not None and part.adopted == 0
        self.begun, self.lost = part is not None, False
        self.recorded = list((recorded or {}).items())
        self.entries: list[Entry] = []
        self.ended: StoredRun | None = None
        self.taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.taken.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._written = len(self.recorded)

    def change(self) -> Change:
        """What is to be written now."""
        begun = None if self.begun else self.run.request.data()
        steps = (*self.recorded, *((entry.name, entry.value) for entry in self.entries))[self._written :]
        return Change(*self.key, self.adopted, begun, self._written, steps, self.ended)

    def wrote(self, change: Change) -> list[Entry]:
        """Marks it as written; the steps that were."""
        before, self._written = self._written, change.first + len(change.steps)
        self.begun = True
        known = len(self.recorded)
        return self.entries[max(0, before - known) : max(0, self._written - known)]

    def unwritten(self) -> None:
        """Marks all as not written: its row is gone."""
        self.begun, self._written = False, 0

    @property
    def news(self) -> bool:
        """Whether there is something to be written."""
        steps = len(self.recorded) + len(self.entries)
        return not self.begun or self.ended is not None or steps > self._written
