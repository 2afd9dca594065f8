"""Looks at an environment again and again, and says how it is to whoever asks."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from mooring.operate.monitor.collect import Answers, collect, dead, take
from mooring.operate.monitor.exposition import render
from mooring.operate.monitor.families import Writer, serving
from mooring.operate.monitor.recorded import Recorded, recorded
from mooring.operate.monitor.sampler import Sampler, looked
from mooring.operate.monitor.store import Store
from mooring.operate.records import Records
from mooring.runtime.watch import last_figures

EVERY = 5.0
"""Seconds between two looks while nobody asks: at most so much is missing of what a process counted that is killed."""

FRESH = 0.5
"""Seconds for which a look is good enough for the next one who asks."""

UNSEEN = 15.0
"""Seconds at most for which a look speaks: over more than that nobody looked, and nobody knows."""

SWITCH = 0.05
"""Seconds after which to look again when nobody accepts: a switch takes less."""

log = logging.getLogger("mooring.monitor")

Data = dict[str, Any]


class Sources(Protocol):
    """What is asked in a thread, since it takes a while."""

    def status(self) -> Data:
        """The status of the environment."""

    def objectives(self) -> list[Data]:
        """How each objective stands. Raises MooringError or Unavailable."""


class Monitor:
    """Of the environment whose sockets are in the folder `doors`."""

    def __init__(
        self,
        doors: Path,
        records: Records,
        sampler: Sampler,
        sources: Sources,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._doors, self._records, self._sampler, self._sources = doors, records, sampler, sources
        self._state = records.state
        self._store = Store(records.state)
        self._aggregate = self._store.load()
        self._writer = Writer()
        self._answers = Answers({}, None)
        self._recorded = Recorded()
        self._looked = self._read = self._told = -60.0
        self._counted = self._clock()
        self._looking, self._telling = asyncio.Lock(), asyncio.Lock()
        self._read_of: str | None = None
        self._reading: asyncio.Task[None] | None = None
        self._status: dict[str, Any] = {}
        self._said = ""

    @property
    def anybody(self) -> bool:
        """Whether a process of the environment answered at the last look."""
        return bool(self._answers.all)

    @property
    def supervisor(self) -> int | None:
        """The process id of the supervisor that answered at the last look."""
        return self._answers.supervisor["supervisor"] if self._answers.supervisor else None

    async def run(self) -> None:
        """Looks every few seconds until cancelled."""
        while True:
            try:
                await self.look()
                if self._sampler.due:
                    await asyncio.to_thread(self._sampler.sample, self._aggregate.totals())
                self._said = ""
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
                if (said := repr(error)) != self._said:
                    log.warning("cannot look: %s", said)
                self._said = said
            await asyncio.sleep(EVERY)

    async def metrics(self) -> str:
        """The metrics as they are now, in the text format."""
        await self.look()
        return render(
            [*self._writer.families(self._aggregate, self._answers, self._recorded.commits), *self._recorded.families]
        )

    async def status(self) -> dict[str, Any]:
        """The status as it is now, or was a moment ago."""
        async with self._telling:
            if self._clock() - self._told > FRESH:
                self._status = await asyncio.to_thread(self._sources.status)
                self._told = self._clock()
        return self._status

    async def look(self) -> None:
        """Asks all processes, unless that was done a moment ago. What is shown is on disk before. Raises OSError.

        Who answered is known even then.
        """
        async with self._looking:
            if self._clock() - self._looked < FRESH:
                return
            answers = await collect(self._doors)
            if serving(answers) is None and any(answers.workers.values()):
                await asyncio.sleep(SWITCH)
                answers = await collect(self._doors)
            self._answers = answers
            left = lambda: last_figures.left(self._state)  # noqa: E731 - short
            files = take(self._aggregate, answers.all, dead, left, time.time())
            if self._aggregate.deployed:  # before that, nobody could have expected an answer
                self._aggregate.add(looked(serving(answers) is not None, self._passed()))
            await asyncio.to_thread(self._store.save, self._aggregate, lasting=bool(files))
            for path in files:
                path.unlink(missing_ok=True)
            self._looked = self._clock()
        await self._refresh()

    def _passed(self) -> float:
        """Seconds that this look speaks for. Each is counted once, whether or not the look can be kept."""
        now = self._clock()
        passed, self._counted = min(now - self._counted, UNSEEN), now
        return passed

    async def _refresh(self) -> None:
        """Reads the records again when that is due; while the database lets one wait, what was known stands."""
        live = serving(self._answers)
        digest = live["digest"] if live else None
        switched = digest != self._read_of
        if self._reading is None and (switched or self._clock() - self._read > EVERY):
            self._reading = asyncio.create_task(self._record(digest))
        if self._reading is not None and (switched or not self._recorded.families):
            await asyncio.wait((self._reading,), timeout=1)

    async def _record(self, digest: str | None) -> None:
        self._read_of = digest
        try:
            self._recorded = await asyncio.to_thread(self._recall, {digest} if digest else set())
        except Exception as error:  # noqa: BLE001 - what was known stands
            log.warning("cannot read what is on record: %r", error)
        finally:
            self._read, self._reading = self._clock(), None

    def _recall(self, digests: set[str]) -> Recorded:
        return recorded(self._records, digests, self._recorded, self._sources.objectives)
