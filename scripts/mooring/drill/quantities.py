"""Weighted shares, quantiles and their intervals, by a bootstrap over independent blocks of a trace."""

import random
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from mooring.drill.answer import Answer

RESAMPLES, LEVEL = 400, 0.95
"""Of a bootstrap: https://en.wikipedia.org/wiki/Bootstrapping_(statistics), "Block bootstrap"."""

BLOCK_SECONDS = 300.0
"""What happens in a trace within so many seconds hangs together."""

Score = Callable[[Answer], float]


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and its 95 % interval."""

    low: float
    value: float
    high: float


def share(answers: Iterable[Answer], score: Score) -> float:
    """The weighted mean of a score; 0 of nothing."""
    total = scored = 0.0
    for answer in answers:
        total += answer.weight
        scored += answer.weight * score(answer)
    return scored / total if total else 0.0


def quantile(answers: Iterable[Answer], rate: float) -> float:
    """The fewest seconds within which `rate` (0..1) of the answers came, by weight."""
    ordered = sorted((answer.seconds, answer.weight) for answer in answers if answer.weight)
    least = rate * sum(weight for _, weight in ordered)
    seen = 0.0
    for seconds, weight in ordered:
        seen += weight
        if seen >= least:
            return seconds
    return 0.0


def block(answer: Answer) -> Hashable:
    """What an answer belongs to: its episode where those were sampled, else the minutes around it."""
    if answer.stratum == "whole":
        return answer.seed, answer.at // BLOCK_SECONDS
    return answer.seed, answer.cluster


def interval(answers: Sequence[Answer], score: Score, seed: int = 0) -> Interval:
    """Of a share. Blocks are drawn anew within the strata that they were sampled from."""
    return _bootstrap(answers, {id(answer): score(answer) for answer in answers}, seed)


def difference(before: Sequence[Answer], after: Sequence[Answer], score: Score, seed: int = 0) -> Interval:
    """Of what a change does to a share. Both are answers to the same questions, which are compared pair by pair."""
    paired = {(answer.seed, answer.number): answer for answer in before}
    both = [answer for answer in after if (answer.seed, answer.number) in paired]
    gained = {id(answer): score(answer) - score(paired[answer.seed, answer.number]) for answer in both}
    return _bootstrap(both, gained, seed)


def _bootstrap(answers: Sequence[Answer], scores: dict[int, float], seed: int) -> Interval:
    strata: defaultdict[str, defaultdict[Hashable, list[float]]] = defaultdict(lambda: defaultdict(lambda: [0.0, 0.0]))
    for answer in answers:
        found = strata[answer.stratum.partition("/")[0]][block(answer)]
        found[0] += answer.weight * scores[id(answer)]
        found[1] += answer.weight
    blocks = [list(each.values()) for each in strata.values()]
    chance = random.Random(seed)  # noqa: S311 - a die
    drawn = sorted(_ratio([chance.choices(each, k=len(each)) for each in blocks]) for _ in range(RESAMPLES))
    tail = round(RESAMPLES * (1 - LEVEL) / 2)
    return Interval(drawn[tail], _ratio(blocks), drawn[-1 - tail])


def _ratio(strata: Sequence[Sequence[Sequence[float]]]) -> float:
    scored = sum(each[0] for stratum in strata for each in stratum)
    total = sum(each[1] for stratum in strata for each in stratum)
    return scored / total if total else 0.0
