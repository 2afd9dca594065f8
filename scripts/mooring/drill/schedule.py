"""When questions are asked: all the time of a short trace, and of a long one moments that stand for the rest.

A long trace is a stratified sample. An episode is a time in which incidents follow each other without a pause. Those
with more than one incident are rare and decide what the lower rungs are worth, so all of them are lived through; of
the others, every n-th by length. Of an episode, the minutes after each change are asked about, and a moment of the time
between. What is asked stands for as many seconds of the trace as its stratum has for each that was lived through.
"""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from mooring.drill.trace import Outage
from mooring.spec.drill import Drill, Question

AFTER = 120.0
"""Seconds after each change that are lived through."""

MOMENT, WARM = 60.0, 45.0
"""Seconds of a moment in between, and of the time before it in which answers do not count: breakers open meanwhile."""

HEALTHY = 10
"""Moments of the time in which nothing fails."""


@dataclass(frozen=True)
class Window:
    """A time in which questions are asked. Those from `counts` on stand for `weight` seconds each second.

    `cluster` is drawn as a whole, beside the others of its `stratum`.
    """

    start: float
    end: float
    counts: float
    weight: float
    cluster: int
    stratum: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """A question and the moment at which it is asked, in seconds. One with `weight` 0 only keeps the system warm."""

    number: int
    at: float
    question: Question
    weight: float
    cluster: int
    stratum: str


@dataclass
class Episode:
    """Incidents that follow each other without a pause."""

    outages: list[Outage] = field(default_factory=list)

    @property
    def start(self) -> float:
        return self.outages[0].start

    @property
    def end(self) -> float:
        return max(outage.end for outage in self.outages)

    @property
    def stratum(self) -> str:
        return self.outages[0].rule if len(self.outages) == 1 else "several"

    @property
    def changes(self) -> list[float]:
        """Moments at which something begins or ends to fail."""
        return sorted({moment for outage in self.outages for moment in (outage.start, outage.end)})


def episodes(outages: Sequence[Outage]) -> list[Episode]:
    """By their start."""
    found: list[Episode] = []
    for outage in outages:
        if not found or outage.start > found[-1].end:
            found.append(Episode())
        found[-1].outages.append(outage)
    return found


def arrivals(drill: Drill, questions: Sequence[Question], outages: Sequence[Outage], seed: int) -> list[Arrival]:
    """An open loop: a Poisson process, faster in surges, whatever becomes of the answers."""
    chance = random.Random(f"{seed}/{drill.name}/arrivals")  # noqa: S311 - a die
    weights = [question.weight for question in questions]
    found: list[Arrival] = []
    fastest = drill.per_minute / 60 * max([1.0, *(surge.times for surge in drill.surges)])
    for window in windows(drill, outages, seed):
        at = window.start
        while (at := at + chance.expovariate(fastest)) < window.end:
            if chance.random() * fastest >= _rate(drill, at):
                continue
            weight = window.weight if at >= window.counts else 0.0
            (question,) = chance.choices(questions, weights)
            found.append(Arrival(len(found), at, question, weight, window.cluster, window.stratum))
    return found


def _rate(drill: Drill, at: float) -> float:
    """Questions a second."""
    times = [surge.times for surge in drill.surges if surge.start * 3600 <= at < surge.end * 3600]
    return drill.per_minute / 60 * (max(times) if times else 1.0)


def windows(drill: Drill, outages: Sequence[Outage], seed: int) -> list[Window]:
    """In order, none into another."""
    every = episodes(outages)
    if drill.sample is None or len(every) <= 1:
        return list(_whole(drill, every))
    sampled = _sampled(every, drill.sample, random.Random(f"{seed}/{drill.name}/sample"))  # noqa: S311 - a die
    rough = [window for episode in sampled for window in _of(episode, every, seed)]
    rough += _healthy(drill, every, seed)
    return _weighted(drill, every, _apart(rough))


def _whole(drill: Drill, every: Sequence[Episode]) -> Iterator[Window]:
    """All the time, cut where an episode begins, so that each is drawn with the health that follows it."""
    starts = [episode.start for episode in every if episode.start > 0]
    for number, (start, end) in enumerate(pairwise([0.0, *starts, drill.seconds])):
        yield Window(start, end, start, 1.0, number, "whole")


def _sampled(every: Sequence[Episode], most: int, chance: random.Random) -> list[Episode]:
    """All with several incidents, and of each other stratum a systematic sample by length."""
    strata: defaultdict[str, list[Episode]] = defaultdict(list)
    for episode in every:
        strata[episode.stratum].append(episode)
    chosen = strata.pop("several", [])
    single = sum(map(len, strata.values()))
    for stratum in strata.values():
        take = min(len(stratum), max(2, round(most * len(stratum) / single)))
        step, first = len(stratum) / take, chance.random()
        ordered = sorted(stratum, key=lambda episode: episode.end - episode.start)
        chosen += [ordered[int((number + first) * step)] for number in range(take)]
    return sorted(chosen, key=lambda episode: episode.start)


def _of(episode: Episode, every: Sequence[Episode], seed: int) -> Iterator[Window]:
    """The minutes after each change, and moments between; weights are filled in later."""
    chance = random.Random(f"{seed}/{episode.start}")  # noqa: S311 - a die
    cluster, stratum = episode.outages[0].number, episode.stratum
    following = min((other.start for other in every if other.start > episode.end), default=episode.end + AFTER)
    for start, end in pairwise(episode.changes):
        yield Window(start, min(start + AFTER, end), start, 0.0, cluster, f"{stratum}/after")
        if end - start > AFTER + WARM + MOMENT:
            at = chance.uniform(start + AFTER, end - WARM - MOMENT)
            yield Window(at, at + WARM + MOMENT, at + WARM, 0.0, cluster, f"{stratum}/between")
    end = episode.end
    yield Window(end, min(end + AFTER, following), end, 0.0, cluster, f"{stratum}/recovery")


def _healthy(drill: Drill, every: Sequence[Episode], seed: int) -> Iterator[Window]:
    """Moments drawn from the gaps between episodes, by their length."""
    chance = random.Random(f"{seed}/{drill.name}/healthy")  # noqa: S311 - a die
    bounds = [0.0, *(moment for episode in every for moment in (episode.start, episode.end)), drill.seconds]
    gaps = [(start, end) for start, end in zip(bounds[::2], bounds[1::2], strict=True)]
    gaps = [(start + AFTER, end) for start, end in gaps if end - start > AFTER + 2 * MOMENT]
    if not gaps:
        return
    for number, (start, end) in enumerate(chance.choices(gaps, [end - start for start, end in gaps], k=HEALTHY)):
        at = chance.uniform(start, end - MOMENT)
        yield Window(at, at + MOMENT, at, 0.0, -1 - number, "healthy")


def _apart(rough: list[Window]) -> list[Window]:
    """Those that begin in another begin at its end; what nothing is left of goes."""
    found: list[Window] = []
    for window in sorted(rough, key=lambda window: (window.start, window.end)):
        start = max(window.start, found[-1].end) if found else window.start
        if window.end - max(start, window.counts) > 1.0:
            counts = max(start, window.counts)
            found.append(Window(start, window.end, counts, 0.0, window.cluster, window.stratum))
    return found


def _weighted(drill: Drill, every: Sequence[Episode], found: Sequence[Window]) -> list[Window]:
    """Each stratum stands for all its seconds of the trace."""
    total: defaultdict[str, float] = defaultdict(float)
    for episode in every:
        for start, end in pairwise(episode.changes):
            total[f"{episode.stratum}/after"] += min(AFTER, end - start)
            total[f"{episode.stratum}/between"] += max(0.0, end - start - AFTER)
        total[f"{episode.stratum}/recovery"] += AFTER
    lived: defaultdict[str, float] = defaultdict(float)
    for window in found:
        lived[window.stratum] += window.end - window.counts
    for stratum in [name for name in total if name not in lived and name.endswith("/between")]:
        total[f"{stratum.removesuffix('between')}after"] += total.pop(stratum)
    total["healthy"] = max(0.0, drill.seconds - sum(total.values()))
    return [
        Window(each.start, each.end, each.counts, total[each.stratum] / lived[each.stratum], each.cluster, each.stratum)
        for each in found
    ]
