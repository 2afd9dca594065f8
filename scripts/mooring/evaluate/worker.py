"""The process in which agents run: takes questions from a pipe and sends back trials, many at a time."""

import asyncio
import os
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from multiprocessing.connection import Connection
from uuid import uuid4

from mooring.errors import MooringError
from mooring.evaluate.agent import Unanswered, converse, rendered
from mooring.evaluate.assertions.judging import judge
from mooring.evaluate.job import Ask, Done, Job, Ready, Unready
from mooring.evaluate.judges.panel import Panel, Reach
from mooring.evaluate.judges.quiet import import_deepeval
from mooring.evaluate.recordings import read
from mooring.evaluate.replay import REPLAYED, TAPE, Tape, wrapping
from mooring.evaluate.scoring import passed, unanswered
from mooring.evaluate.values import Reply, Score, Trial
from mooring.release.release import Release
from mooring.runtime.core.settings import Settings
from mooring.runtime.runtime import Runtime


def work(connection: Connection, job: Job) -> None:
    """Serves until the pipe says None or closes. Ctrl-C is the parent's to handle."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(EOFError, BrokenPipeError):
        asyncio.run(Worker(connection, job).serve())


class Worker:
    """One release's agents, asked whatever comes."""

    def __init__(self, connection: Connection, job: Job) -> None:
        self._connection, self._job = connection, job
        release = Release.from_bytes(job.release)
        state = job.state / f"worker-{os.getpid()}"
        wrap = wrapping(job.evidence, job.record, release.content.environment.simulates)
        keys = self._keys(release)
        settings = Settings("blue", state, job.simulator_url, keys, serving=False, hedging=False, wrap_model=wrap)
        settings = replace(settings, rung=job.rung)
        if job.seats:
            import_deepeval()  # now, and not while answers are timed
        asks = wrapping(job.evidence, job.record)
        self._panel = Panel(job.seats, Reach(job.evidence, job.simulator_url, job.environ, asks))
        self._runtime = Runtime(release, settings)
        self._tasks: set[asyncio.Task[None]] = set()
        self._over = asyncio.Event()
        self._read = lru_cache(64)(lambda suite, case: read(job.recordings, suite, case))

    async def serve(self) -> None:
        """Answers until told to end, then cancels what is under way."""
        loop = asyncio.get_running_loop()
        await self._runtime.start()
        ready, reasons = self._runtime.ready()
        if not ready:
            self._connection.send(Unready(tuple(reasons)))
            return
        self._connection.send(Ready())
        loop.add_reader(self._connection.fileno(), self._receive)
        try:
            await self._over.wait()
        finally:
            loop.remove_reader(self._connection.fileno())
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._panel.close()
            await self._runtime.close()

    def _keys(self, release: Release) -> dict[str, str]:
        """Where keys are looked up; a replay needs none, and a client is built with one all the same."""
        if self._job.evidence != REPLAYED:
            return dict(self._job.environ)
        names = (model.key_variable for model in release.content.models.values())
        return {name: REPLAYED for name in names if name}

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
        started = time.perf_counter()
        tape = Tape(ask.suite, ask.case, ask.repeat)
        TAPE.set(tape)
        replies: list[Reply] = []
        scores: tuple[Score, ...] = ()
        try:
            await self._converse(ask, tape, replies)
            scores = await self._judged(ask, replies)
        except Unanswered:
            pass
        except MooringError as error:
            replies.append(Reply("", error=f"{error}; run: {error.fix}" if error.fix else str(error)))
        verdict = passed(self._job.cases[ask.key], scores)
        seconds, evidence = time.perf_counter() - started, self._job.evidence
        trial = Trial(ask.suite, ask.case, ask.repeat, evidence, tuple(replies), scores, verdict, seconds)
        return Done(ask, trial, self._prompt(ask), tuple(tape.made.values()))

    async def _converse(self, ask: Ask, tape: Tape, replies: list[Reply]) -> None:
        """Adds replies as they come, so that they are there also when time runs out. Raises Unanswered."""
        suite, case = self._job.suites[ask.suite], self._job.cases[ask.key]
        if self._job.evidence == REPLAYED:
            tape.recorded = self._read(ask.suite, ask.case)
        run, limit = f"eval-{uuid4().hex}", suite.timeout_seconds
        try:
            async with asyncio.timeout(limit):
                async for reply in converse(self._runtime, suite.agent, case, run, self._job.evidence):
                    replies.append(reply)  # noqa: PERF401 - what was said stays said
        except TimeoutError:
            replies.append(Reply("", error=f"no answer within {limit:g} seconds"))
            raise Unanswered from None

    async def _judged(self, ask: Ask, replies: Sequence[Reply]) -> tuple[Score, ...]:
        """The judge's own time limits hold here, not the suite's: a slow judge says nothing about the agent."""
        panel, case = self._panel, self._job.cases[ask.key]
        told = await judge(case, replies, panel.ask(ask.suite), panel.may_block(ask.suite))
        return unanswered(replies) + told

    def _prompt(self, ask: Ask) -> str | None:
        """As it is rendered, once a case."""
        suite, case = self._job.suites[ask.suite], self._job.cases[ask.key]
        return rendered(self._runtime, suite.agent, case) if ask.repeat == 0 else None
