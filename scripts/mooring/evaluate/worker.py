"""The process in which agents run: takes questions from a pipe and sends back trials, many at a time."""

import asyncio
import gc
import os
import signal
import time
from contextlib import suppress
from functools import lru_cache
from multiprocessing.connection import Connection
from uuid import uuid4

from mooring.errors import MooringError
from mooring.evaluate.agent import Unanswered, converse, rendered
from mooring.evaluate.job import Ask, Done, Job, Unready
from mooring.evaluate.judged import judged
from mooring.evaluate.recordings import read
from mooring.evaluate.replay import TAPE, Recorded, Recording, Tape
from mooring.evaluate.scoring import passed, unanswered
from mooring.evaluate.values import Reply, Score, Trial
from mooring.release.release import Release
from mooring.runtime.models import environment_name
from mooring.runtime.runtime import Runtime
from mooring.runtime.settings import Settings, WrapModel

REPLAYED = "recorded"


def work(connection: Connection, job: Job) -> None:
    """Serves until the pipe says None or closes. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.collect()
    gc.freeze()
    with suppress(EOFError, BrokenPipeError):
        asyncio.run(Worker(connection, job).serve())


class Worker:
    """One release's agents, asked whatever comes."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self._connection, self._job = connection, job
        release = Release.from_bytes(job.release)
        state = job.state / f"worker-{os.getpid()}"
        settings = Settings("blue", state, job.simulator_url, self._keys(release), self._wrap())
        self._runtime = Runtime(release, settings)
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._read = lru_cache(64)(lambda suite, case: read(job.recordings, suite, case))

    async def serve(self) -> None:
        """Answers until told to end, then lets go of what is under way."""
        loop = asyncio.get_running_loop()
        await self._runtime.start()
        ready, reasons = self._runtime.ready()
        if not ready:
            self._connection.send(Unready(tuple(reasons)))
            return
        loop.add_reader(self._connection.fileno(), self._receive)
        try:
            await self._over.wait()
        finally:
            loop.remove_reader(self._connection.fileno())
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._runtime.close()

    def _keys(self, release: Release) -> dict[str, str]:
        """Where keys are looked up; a replay needs none, and a client is built with one all the same."""
        if self._job.evidence != REPLAYED:
            return dict(self._job.environ)
        names = (environment_name(model) for model in release.content.models.values())
        return {name: REPLAYED for name in names if name}

    def _wrap(self) -> WrapModel | None:
        if self._job.record:
            return lambda document, model: Recording(model, document)
        if self._job.evidence == REPLAYED:
            return lambda document, model: Recorded(model, document)
        return None

    def _receive(self) -> None:
        try:
            while self._connection.poll():
                ask: Ask | None = self._connection.recv()
                if ask is None:
                    raise EOFError
                task = asyncio.create_task(self._answer(ask))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (EOFError, OSError):
            self._over.set()

    async def _answer(self, ask: Ask) -> None:
        done = await self._asked(ask)
        with suppress(OSError):  # the parent has gone
            self._connection.send(done)

    async def _asked(self, ask: Ask) -> Done:
        job, started = self._job, time.perf_counter()
        tape = Tape(ask.suite, ask.case, ask.repeat)
        replies: list[Reply] = []
        scores: tuple[Score, ...] = ()
        limit = job.suites[ask.suite].timeout_seconds
        try:
            async with asyncio.timeout(limit):
                scores = await self._tried(ask, tape, replies)
        except Unanswered:
            pass
        except TimeoutError:
            replies.append(Reply("", error=f"no answer within {limit:g} seconds"))
        except MooringError as error:
            replies.append(Reply("", error=f"{error}; run: {error.fix}" if error.fix else str(error)))
        verdict = passed(job.cases[ask.key], scores)
        seconds = time.perf_counter() - started
        trial = Trial(ask.suite, ask.case, ask.repeat, job.evidence, tuple(replies), scores, verdict, seconds)
        return Done(ask, trial, self._prompt(ask), tuple(tape.made.values()))

    async def _tried(self, ask: Ask, tape: Tape, replies: list[Reply]) -> tuple[Score, ...]:
        """Asks and judges; `replies` grows, so that they are there also when time runs out."""
        suite, case = self._job.suites[ask.suite], self._job.cases[ask.key]
        if self._job.evidence == REPLAYED:
            tape.recorded = self._read(ask.suite, ask.case)
        TAPE.set(tape)
        run = f"eval-{uuid4().hex}"
        async for reply in converse(self._runtime, suite.agent, case, run, self._job.evidence):
            replies.append(reply)  # noqa: PERF401 - what was said stays said when the next one raises
        return unanswered(replies) + await judged(suite, case, replies, self._job)

    def _prompt(self, ask: Ask) -> str | None:
        """As it is rendered, once a case."""
        suite, case = self._job.suites[ask.suite], self._job.cases[ask.key]
        return rendered(self._runtime, suite.agent, case) if ask.repeat == 0 else None
