"""Worker processes, one per core, fed through pipes."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Self, cast

from mooring.errors import Failed
from mooring.evaluate.job import Ask, Done, Job, Unready
from mooring.evaluate.processes import Process, fork
from mooring.evaluate.values import Reply, Trial
from mooring.outcome import Reason


class Pool:
    """Keeps each worker busy with its share of `concurrency`. A worker that dies takes only its own questions along."""

    def __init__(self, job: Job, workers: int, concurrency: int) -> None:
        self._job = job
        workers = min(workers, concurrency)
        self._shares = [concurrency // workers + (index < concurrency % workers) for index in range(workers)]
        self._processes: list[Process] = []
        self._free: dict[Connection, int] = {}
        self._asked: dict[Connection, set[Ask]] = {}

    def __enter__(self) -> Self:
        for share in self._shares:
            process = fork(work, self._job)
            self._processes.append(process)
            self._free[process.connection], self._asked[process.connection] = share, set()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._free:
            with suppress(OSError):
                connection.send(None)
        for process in self._processes:
            process.join(0 if kind else 5)
            process.kill()

    def fill(self, ask: Callable[[], Ask | None]) -> None:
        """Hands out questions evenly, as long as somebody is free."""
        while self._asked:
            connection = max(self._asked, key=lambda each: self._free[each])
            if not self._free[connection] or (question := ask()) is None:
                return
            self._free[connection] -= 1
            self._asked[connection].add(question)
            with suppress(OSError):  # it died; reading from it will say so
                connection.send(question)

    def started(self) -> None:
        """Waits until every worker that lives can be asked. Failed(NOT_READY) when the release cannot be served."""
        for connection in list(self._asked):
            try:
                said = connection.recv()
            except (EOFError, OSError):
                del self._asked[connection]
                continue
            if isinstance(said, Unready):
                raise Failed(Reason.NOT_READY, f"the release cannot be served: {'; '.join(said.reasons)}")

    def busy(self) -> list[Connection]:
        """Where answers are awaited. Failed(PROCESS) when no worker is left."""
        if not self._asked:
            raise Failed(Reason.PROCESS, "every worker of the evaluation died")
        return [connection for connection, asked in self._asked.items() if asked]

    def take(self, connection: Connection, tell: Callable[[Done], None]) -> None:
        """Tells what came."""
        try:
            said = connection.recv()
        except (EOFError, OSError):
            for ask in self._asked.pop(connection):
                tell(Done(ask, self._lost(ask)))
            return
        self._free[connection] += 1
        self._asked[connection].discard(said.ask)
        tell(said)

    def _lost(self, ask: Ask) -> Trial:
        reply = Reply("", error="the process that ran it died")
        return Trial(ask.suite, ask.case, ask.repeat, self._job.evidence, (reply,), (), None, 0.0)


@dataclass(frozen=True)
class Feed:
    """A pool, who says what it is to be asked next, and who is told each answer."""

    pool: Pool
    ask: Callable[[], Ask | None]
    tell: Callable[[Done], None]


def ask_all(feeds: Sequence[Feed]) -> None:
    """Asks until nobody has a question left and nothing is under way. Failed(PROCESS), Failed(NOT_READY).

    Nobody is asked before all can be: what is compared is asked under the same conditions.
    """
    for feed in feeds:
        feed.pool.started()
    while True:
        for feed in feeds:
            feed.pool.fill(feed.ask)
        busy = {connection: feed for feed in feeds for connection in feed.pool.busy()}
        if not busy:
            return
        for ready in wait(list(busy)):
            connection = cast(Connection, ready)
            busy[connection].pool.take(connection, busy[connection].tell)


def work(connection: Connection, job: Job) -> None:
    """What a worker process runs. It is imported there, not where a pool is."""
    from mooring.evaluate import worker

    worker.work(connection, job)
