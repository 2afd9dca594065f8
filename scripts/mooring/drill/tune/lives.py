"""Lives through traces at points, one process a core."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from mooring.drill.answer import Answer
from mooring.drill.arms.names import LADDER
from mooring.drill.live_through import Job, Lived
from mooring.drill.measure import Figures, figures
from mooring.drill.run import as_drilled, live_all
from mooring.drill.tune.apply import release_at
from mooring.drill.tune.space import TODAY, Point
from mooring.drill.tune.traces import Trace
from mooring.drill.world import Rules
from mooring.errors import Failed
from mooring.outcome import Reason
from mooring.release.release import Release
from mooring.spec import Resilience

OnDone = Callable[[], None]
"""Callback, once a point has lived through a trace."""


@dataclass(frozen=True)
class Seen:
    """What came of a trace at a point."""

    point: Point
    trace: Trace
    figures: Figures
    answers: tuple[Answer, ...] = field(repr=False)


class Lives:
    """Of one profile. `rules` is the folder of the simulator's rules."""

    def __init__(self, release: Release, profile: Resilience, rules: Path, done: OnDone) -> None:
        self._release, self._profile, self._done = release, profile, done
        self._rules = Rules.of(rules)

    def all(self, asked: Sequence[tuple[Point, Trace]], arm: str = LADDER) -> Iterator[Seen]:
        """Blocks until each is lived through; in no order. A point that crashes is left out.

        Failed(PROCESS) when today's does.
        """
        jobs = [(place, job) for place, (point, trace) in enumerate(asked) for job in self._jobs(point, trace, arm)]
        missing = [len(trace.seeds) for _, trace in asked]
        lived: list[list[Lived]] = [[] for _ in asked]
        with closing(live_all([job for _, job in jobs])) as results:
            for number, result in results:
                place, job = jobs[number]
                missing[place] -= 1
                point, trace = asked[place]
                if isinstance(result, Lived):
                    lived[place].append(result)
                elif point == TODAY:
                    raise Failed(Reason.PROCESS, f"drill {trace.name} crashed by seed {job.seed}: {result}")
                if not missing[place]:
                    self._done()
                    if len(lived[place]) == len(trace.seeds):
                        yield _seen(point, trace, lived[place])
                        lived[place] = []

    def _jobs(self, point: Point, trace: Trace, arm: str) -> Iterable[Job]:
        release = as_drilled(release_at(self._release, self._profile, point))
        for seed, outages in zip(trace.seeds, trace.outages, strict=True):
            yield Job(arm, release, trace.drill, trace.questions, outages, seed, self._rules)


def _seen(point: Point, trace: Trace, lived: Sequence[Lived]) -> Seen:
    ordered = sorted(lived, key=lambda each: each.answers[0].seed)
    return Seen(point, trace, figures(ordered, trace.outages), tuple(a for each in ordered for a in each.answers))
