"""Keeps runs without checkpoints: each is written down when it begins and when it ends, and dies with its process."""

from mooring.runtime.core.logs import LOGGER
from mooring.runtime.core.problems import Problem
from mooring.runtime.memory.journal import Lag
from mooring.runtime.memory.run import FAILED, RUNNING, WAITING, Perform, Request, Run
from mooring.runtime.memory.store import RunStore, StoredRun


class Plain:
    """A `Journal` that resumes nothing and has no tickets."""

    def __init__(self, store: RunStore, slot: str, perform: Perform) -> None:
        self._store, self._slot, self._perform = store, slot, perform
        self._live: dict[str, Run] = {}

    async def open(self) -> None:
        """Runs that a dead process of this slot left behind are recorded as failed. Raises Problem."""
        await self._store.open(self._slot)

    async def close(self) -> None:
        """Stops what is under way; it is recorded as interrupted."""
        interrupted = Problem("run_interrupted", "the slot that ran it has ended").body()["error"]
        for run in list(self._live.values()):
            await run.interrupt()
            await self._store.put(run.stored(FAILED, error=interrupted))

    async def start(self, run: Run) -> None:
        """Begins a run whose client waits for it: it is written down only if it has to wait for a person."""
        run.begin(self._perform, self._parked)

    async def accept(self, run: Run) -> None:
        """Writes a run down and begins it. Raises Problem."""
        await self._store.put(run.stored(RUNNING))
        self._begin(run)

    async def first(self, run: Run) -> bool:
        """Writes a run down and begins it, unless one of its name is there. Raises Problem."""
        if not await self._store.add(run.stored(RUNNING)):
            return False
        self._begin(run)
        return True

    async def claim(self, run: Run) -> None:
        """Resumes a run that waits for approval. Raises Problem when it does not wait, or no longer."""
        if await self._store.claim(run.request.run, self._slot) is None:
            raise Problem("run_not_waiting", f"run {run.request.run} was decided on already")
        self._begin(run)

    async def ticket(self, request: Request, delay: float) -> None:
        """Nothing is asked again without checkpoints."""

    async def adopt(self) -> list[str]:
        """Nothing can be resumed."""
        return []

    async def find(self, run: str) -> StoredRun | None:
        """A run of either slot; one that is under way here as it stands, whatever is written. Raises Problem."""
        if live := self._live.get(run):
            return live.ended or live.stored(RUNNING)
        return await self._store.get(run)

    def live(self, run: str) -> Run | None:
        """A run that is under way in this process, and written down."""
        return self._live.get(run)

    async def cancel(self, run: str) -> bool:
        """Another process cannot be told: nothing looks at what is written down until the run ends."""
        return False

    async def forget(self, run: str) -> None:
        """Removes a run. Raises Problem."""
        await self._store.remove(run)

    async def settled(self, run: Run) -> None:
        """A run that has ended is written down."""

    async def attempts(self, ticket: str) -> list[StoredRun]:
        """There are no tickets."""
        return []

    async def queued(self) -> int:
        """There are no tickets."""
        return 0

    async def ping(self) -> float:
        """Seconds that the database takes to answer. Raises Problem."""
        return await self._store.ping()

    def lag(self) -> Lag:
        """Nothing is written behind."""
        return Lag()

    def under_way(self) -> int:
        """Runs being worked on that outlive their request."""
        return len(self._live)

    def _begin(self, run: Run) -> None:
        self._live[run.request.run] = run
        run.begin(self._perform, self._ended)
        run.answer.add_done_callback(lambda _: self._live.pop(run.request.run, None))

    async def _ended(self, run: Run) -> None:
        if run.ended:
            try:
                await self._store.put(run.ended)
            except Problem:  # who waits for the answer gets it all the same
                LOGGER.exception("run not kept", extra={"run": run.request.run})

    async def _parked(self, run: Run) -> None:
        if run.ended and run.ended.status == WAITING:
            await self._store.put(run.ended)
