"""Drills as a whole: every arm lives through every drill, in processes of their own, and is measured."""

import os
import select
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from mooring.drill.answer import Answer
from mooring.drill.history import read_history
from mooring.drill.live_through import Job, Lived, live_through
from mooring.drill.measure import Figures, figures
from mooring.drill.schedule import episodes, windows
from mooring.drill.trace import Outage, expand
from mooring.drill.world import Rules
from mooring.errors import Refused
from mooring.evaluate.evidence import as_asked
from mooring.evaluate.processes import Process, fork
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec.drill import Drill, Question

OnDone = Callable[[str, str], None]
"""Callback `(drill, arm)`, once an arm has lived through a drill."""


@dataclass(frozen=True)
class Wish:
    """What is run. `releases` are by arm, `rules` is the folder of the simulator's rules, `evals` that of drills."""

    drills: Mapping[str, Drill]
    releases: Mapping[str, Release]
    rules: Path
    evals: Path
    seeds: Sequence[int] = (0,)


@dataclass(frozen=True)
class Lines:
    """One arm in one drill: its figures and answers, or the `error` that kept it from any."""

    arm: str
    release: str
    figures: Figures | None
    answers: tuple[Answer, ...] = field(repr=False, default=())
    error: str = ""


@dataclass(frozen=True)
class Drilled:
    """One drill: its incidents by seed, and what came of it for each arm, in the order of the table."""

    drill: Drill
    outages: tuple[tuple[Outage, ...], ...]
    arms: Mapping[str, Lines]

    @property
    def incidents(self) -> int:
        """How many there are in the trace, of all seeds."""
        return sum(map(len, self.outages))

    @property
    def lived(self) -> int:
        """How many episodes of them were lived through."""
        figures = next((each.figures for each in self.arms.values() if each.figures), None)
        return len(figures.recoveries) if figures else 0

    @property
    def episodes(self) -> int:
        """Times in which something fails, of all seeds."""
        return sum(len(episodes(each)) for each in self.outages)


def run(wish: Wish, done: OnDone) -> dict[str, Drilled]:
    """Blocks until all is lived through, on as many cores as there are. An arm that crashes is told as such.

    Refused(EMPTY_SET) when a drill asks nothing, FindingsError for rules that are wrong.
    """
    rules = Rules.of(wish.rules)
    expanded = {
        name: tuple(tuple(expand(drill, seed, history_of(drill, wish.evals))) for seed in wish.seeds)
        for name, drill in wish.drills.items()
    }
    jobs = [
        (name, arm, Job(arm, as_drilled(release), drill, _questions(drill, release), outages, seed, rules))
        for name, drill in wish.drills.items()
        for arm, release in wish.releases.items()
        for seed, outages in zip(wish.seeds, expanded[name], strict=True)
    ]
    jobs.sort(key=lambda each: -_expected(each[2]))  # the longest first, so that no core waits for another at the end
    ended: dict[tuple[str, str], list[Lived | str]] = {}
    for place, result in live_all([job for _, _, job in jobs]):
        name, arm, _ = jobs[place]
        ended.setdefault((name, arm), []).append(result)
        done(name, arm)
    return {
        name: Drilled(
            drill,
            expanded[name],
            {arm: _lines(arm, release, ended[name, arm], expanded[name]) for arm, release in wish.releases.items()},
        )
        for name, drill in wish.drills.items()
    }


def _expected(job: Job) -> float:
    """A number that grows with the questions that will be asked."""
    return sum(window.end - window.start for window in windows(job.drill, job.outages, job.seed)) * job.drill.per_minute


def _lines(arm: str, release: Release, results: Sequence[Lived | str], outages: Sequence[Sequence[Outage]]) -> Lines:
    if errors := [result for result in results if isinstance(result, str)]:
        return Lines(arm, release.digest, None, error=errors[0])
    lived = sorted(
        (result for result in results if isinstance(result, Lived)),
        key=lambda each: each.answers[0].seed if each.answers else 0,
    )
    answers = tuple(answer for each in lived for answer in each.answers)
    return Lines(arm, release.digest, figures(lived, outages), answers)


def as_drilled(release: Release) -> bytes:
    """With simulated endpoints, whatever the environment has: a drill calls nobody."""
    return as_asked(release, "simulated").to_bytes()


def _questions(drill: Drill, release: Release) -> tuple[Question, ...]:
    """The drill's, or the probes of the environment. Refused(EMPTY_SET)."""
    probes = release.content.environment.rollout.probes
    asked = drill.questions or tuple(Question(agent=each.agent, say=each.say, expect=each.expect) for each in probes)
    there = tuple(question for question in asked if question.agent in release.content.agents)
    if not there:
        name = release.content.environment.name
        raise Refused(Reason.EMPTY_SET, f"no question of drill {drill.name} is for an agent of {name}: nothing was run")
    return there


def history_of(drill: Drill, evals: Path) -> Sequence[Outage]:
    """What its CSV file says, which is in the folder `evals`."""
    return read_history(evals / drill.history) if drill.history else ()


# --- processes ---


def live_all(jobs: Sequence[Job]) -> Generator[tuple[int, Lived | str]]:
    """Results by the job's place, as they come, one process a core; an error is one line of text.

    Close it, and no process and no file is left.
    """
    with tempfile.TemporaryDirectory(prefix="moor-drills-", ignore_cleanup_errors=True) as folder:
        yield from _in_processes(jobs, Path(folder))


def _in_processes(jobs: Sequence[Job], folder: Path) -> Iterator[tuple[int, Lived | str]]:
    waiting, running = list(enumerate(jobs))[::-1], dict[int, tuple[Process, int]]()
    most = len(os.sched_getaffinity(0))
    try:
        while waiting or running:
            while waiting and len(running) < most:
                place, job = waiting.pop()
                process = fork(work, job, folder)
                running[process.connection.fileno()] = process, place
            ready, _, _ = select.select(list(running), [], [])
            for descriptor in ready:
                process, place = running.pop(descriptor)
                with process:
                    yield place, _received(process.connection)
    finally:
        for process, _ in running.values():
            process.kill()


def _received(connection: Connection) -> Lived | str:
    try:
        result: Lived | str = connection.recv()
    except (EOFError, OSError):
        return "its process died"
    return result


def work(connection: Connection, job: Job, folder: Path) -> None:
    """Lives through one job, and sends what came of it."""
    import logging

    from mooring.runtime.core.logs import LOGGER

    LOGGER.setLevel(logging.CRITICAL)
    try:
        connection.send(live_through(job, within=folder))
    except Exception as error:  # noqa: BLE001 - the others go on
        connection.send(f"{type(error).__name__}: {error}")
