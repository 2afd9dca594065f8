"""One arm lives through one drill, in virtual time."""

import asyncio
import gc
import random
import re
import tempfile
from asyncio import Runner
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import looptime

from mooring.drill.answer import Answer, Said
from mooring.drill.arms.arm import Arm
from mooring.drill.arms.table import ARMS
from mooring.drill.in_loop import AtOnce
from mooring.drill.schedule import Arrival, arrivals
from mooring.drill.trace import Outage
from mooring.drill.world import ASKED, Rules, Tracked, World, vendors
from mooring.release.release import Release
from mooring.simulator.faults import Call
from mooring.spec.drill import Drill, Question

RESOLUTION = 1e-5
"""Seconds: what is due so soon is due now. asyncio's own, 1 ns, added to a year in seconds is lost by a float."""

COLLECT = (50_000, 20, 20)
"""The garbage collector's thresholds, which the command has set for all of its process."""

ENOUGH = 3600.0
"""Seconds after its last question that a trace is waited for: nothing answers later."""


@dataclass(frozen=True)
class Job:
    """An arm and what it lives through. `release` are its bytes."""

    arm: str
    release: bytes
    drill: Drill
    questions: tuple[Question, ...]
    outages: tuple[Outage, ...]
    seed: int
    rules: Rules


@dataclass(frozen=True)
class Lived:
    """What came of all questions, by their moment, and how many model calls were tried again, and with success."""

    answers: tuple[Answer, ...]
    retried: int = 0
    retried_well: int = 0


def virtual() -> asyncio.AbstractEventLoop:
    """An event loop whose clock jumps to the next thing that is due. What works outside of it takes no time."""
    loop: Any = looptime.new_event_loop(noop_cycles=0)
    loop._clock_resolution = RESOLUTION  # asyncio has no public one
    loop.set_default_executor(AtOnce())
    select = loop._selector.select
    # As long as something is due at once there is no time to move, and nothing outside to look for.
    loop._selector.select = lambda timeout: [] if timeout == 0 else select(timeout)
    made: asyncio.AbstractEventLoop = loop
    return made


def live_through(
    job: Job, make_loop: Callable[[], asyncio.AbstractEventLoop] = virtual, within: Path | None = None
) -> Lived:
    """Blocks. Chance is seeded, so a job always ends the same. Raises what the arm raises when it does not start.

    Files are kept in a folder `within` another, and removed at the end.
    """
    random.seed(job.seed)
    with (
        Runner(loop_factory=make_loop) as runner,
        tempfile.TemporaryDirectory(prefix="moor-drill-", dir=within) as folder,
    ):
        return runner.run(_live(job, Path(folder)))


async def _live(job: Job, state: Path) -> Lived:
    release = Release.from_bytes(job.release)
    world = World(release.content, job.outages, job.drill.blips, job.seed, job.rules, state)
    arm = ARMS[job.arm](release, world.transport, state)
    await arm.start()
    collected = gc.get_threshold()
    gc.freeze()  # as a slot does once it has started
    gc.set_threshold(*COLLECT)
    try:
        asked = arrivals(job.drill, job.questions, job.outages, job.seed)
        answers = await _Asking(job, release, world, arm).all(asked)
        retried, well = arm.retries()
    finally:
        gc.set_threshold(*collected)
        gc.unfreeze()
        await arm.close()
    return Lived(tuple(answers), retried, well)


class _Asking:
    """Asks every question at its moment, whether or not the ones before are answered."""

    def __init__(self, job: Job, release: Release, world: World, arm: Arm) -> None:
        self._world, self._arm, self._late, self._seed = world, arm, job.drill.late_seconds, job.seed
        self._expected = {question: re.compile(question.expect) for question in job.questions}
        self._first = {agent: rungs["L0"] for agent, rungs in vendors(release.content).items()}
        self._answers: list[Answer] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def all(self, asked: Sequence[Arrival]) -> list[Answer]:
        self._world.begin()
        for arrival in asked:
            await asyncio.sleep(max(0.0, arrival.at - self._world.now))
            task = asyncio.create_task(self._ask(arrival))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=ENOUGH)
        for task in self._under_way:
            task.cancel()
        return sorted(self._answers, key=lambda answer: answer.number)

    async def _ask(self, arrival: Arrival) -> None:
        tracked = Tracked(arrival)
        ASKED.set(tracked)
        vendor = self._first[arrival.question.agent]
        sick = bool(self._world.sick(Call("", vendor), arrival.question.agent))
        try:
            said = await self._arm.ask(arrival.question)
        except asyncio.CancelledError:
            said = Said("", "", error="no answer")
        except Exception as error:  # noqa: BLE001 - whatever it is, the client has no answer
            said = Said("", "", error=type(error).__name__)
        seconds = self._world.now - arrival.at
        self._answers.append(
            Answer(
                seed=self._seed,
                number=arrival.number,
                at=arrival.at,
                seconds=seconds,
                weight=arrival.weight,
                cluster=arrival.cluster,
                stratum=arrival.stratum,
                rung=said.rung,
                right=not said.error and self._expected[arrival.question].search(said.text) is not None,
                error=said.error,
                calls=tracked.calls.total(),
                sick=sick,
                sick_calls=tracked.sick[vendor],
                cost_usd=said.cost_usd,
                late=seconds > self._late,
            )
        )
