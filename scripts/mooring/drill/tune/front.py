"""What points come to over several traces, which of them no other beats in everything, and which is the best.

Every trace counts the same, however long it is: a year of rare outages and two hours in which a vendor hangs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import hypot

from mooring.drill.answer import Answer
from mooring.drill.quantities import Interval, difference, interval, quantile
from mooring.drill.tune.lives import Seen
from mooring.drill.tune.space import Point
from mooring.drill.verdict import LEAST_SECONDS, LEAST_SHARE, Loss, losses

P99_SECONDS = 10.0
"""So much of the worst trace's P99 is worth a second of the mean time."""

EXCESS = 20.0
"""Seconds of the mean time that a limit is worth, when it is missed by as much as it is."""

THOUSAND = 1000
"""Answers for which costs are told."""


@dataclass(frozen=True)
class Limits:
    """What points must keep besides the targets of each drill: seconds of P99, and USD for a thousand answers."""

    p99_seconds: float | None
    cost_usd: float


@dataclass(frozen=True)
class Summary:
    """Of a point. `availability` (0..1) and `mean_seconds` are means over the traces, `p99_seconds` is the worst.

    `cost_usd` is that of a thousand answers, `excess` how far limits and targets are missed, each 1 at most;
    `missed` says which.
    """

    point: Point
    availability: float
    mean_seconds: float
    p99_seconds: float
    cost_usd: float
    excess: float
    missed: tuple[str, ...]
    traces: int

    @property
    def loss(self) -> float:
        """One number to order points by, in seconds of the mean time: a thousandth of availability is one."""
        lost = (1 - self.availability) / LEAST_SHARE * LEAST_SECONDS
        return lost + self.mean_seconds + self.p99_seconds / P99_SECONDS + EXCESS * self.excess

    @property
    def goals(self) -> tuple[float, ...]:
        """What is traded against each other; less is better."""
        return 1 - self.availability, self.p99_seconds, self.mean_seconds, self.cost_usd


def summary(seen: Sequence[Seen], limits: Limits, today: Sequence[Seen] = ()) -> Summary:
    """Of one point, by the traces that it has lived through. What `today` has over it, as `moor drill` judges it, is
    missed: a change that a pull request could not bring is none."""
    count = len(seen)
    cost = sum(each.figures.cost_usd for each in seen) / count * THOUSAND
    missed = [miss for each in seen for miss in _missed(each, limits)]
    missed += [(str(loss), 1.0) for one, other in zip(today, seen, strict=False) for loss in _lost(one, other)]
    if cost > limits.cost_usd:
        missed.append((f"cost above {limits.cost_usd:.4g} USD", count * _over(cost, limits.cost_usd) + count))
    return Summary(
        seen[0].point,
        sum(each.figures.availability.value for each in seen) / count,
        sum(each.figures.mean_seconds for each in seen) / count,
        max(each.figures.p99_seconds for each in seen),
        cost,
        sum(excess for _, excess in missed) / count,
        tuple(what for what, _ in missed),
        count,
    )


def _missed(seen: Seen, limits: Limits) -> Iterator[tuple[str, float]]:
    """What a trace misses, and by how much. Availability has no part in it: all of it counts already."""
    found, targets = seen.figures, seen.trace.drill.targets
    seconds = [each for each in (targets.p99_seconds, limits.p99_seconds) if each is not None]
    for what, value, limit in (
        ("P99", found.p99_seconds, min(seconds, default=None)),
        ("MTTR", found.mttr[1] if found.mttr else 0.0, targets.mttr_p95_seconds),
        ("amplification", found.amplification or 0.0, targets.amplification),
    ):
        if limit is not None and value > limit:
            yield f"{what} {value:.3g} in {seen.trace.name} (target {limit:g})", _over(value, limit)


def _lost(today: Seen, seen: Seen) -> Iterator[Loss]:
    if today.point != seen.point:
        yield from losses(seen.trace.name, counted(today.answers), counted(seen.answers))


def _over(value: float, limit: float) -> float:
    return min(1.0, value / limit - 1) if limit else 1.0


def front(summaries: Iterable[Summary]) -> list[Summary]:
    """Those that no other beats in everything: https://en.wikipedia.org/wiki/Pareto_front. The most available first."""
    every = list(summaries)
    return sorted((each for each in every if not any(_beats(other, each) for other in every)), key=_order)


def _beats(one: Summary, other: Summary) -> bool:
    pairs = list(zip((one.excess, *one.goals), (other.excess, *other.goals), strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


def _order(each: Summary) -> tuple[float, ...]:
    return *each.goals, each.loss


# --- intervals ---


@dataclass(frozen=True)
class Row:
    """A summary with the 95 % intervals of what was measured; that of the P99 is the worst trace's."""

    summary: Summary
    availability: Interval
    p99_seconds: Interval
    mean_seconds: Interval
    cost_usd: Interval


def row(seen: Sequence[Seen], limits: Limits) -> Row:
    """Of one point."""
    worst = max(seen, key=lambda each: each.figures.p99_seconds)
    return Row(
        summary(seen, limits),
        mean([each.figures.availability for each in seen]),
        _quantile_interval(counted(worst.answers), 0.99),
        mean([interval(counted(each.answers), lambda answer: answer.seconds) for each in seen]),
        mean([interval(counted(each.answers), lambda answer: answer.cost_usd * THOUSAND) for each in seen]),
    )


def counted(answers: Iterable[Answer]) -> list[Answer]:
    """Those that stand for some of the time."""
    return [answer for answer in answers if answer.weight]


def mean(intervals: Sequence[Interval]) -> Interval:
    """Of independent values."""
    count, value = len(intervals), sum(each.value for each in intervals) / len(intervals)
    low = hypot(*(each.value - each.low for each in intervals)) / count
    high = hypot(*(each.high - each.value for each in intervals)) / count
    return Interval(value - low, value, value + high)


def _quantile_interval(answers: Sequence[Answer], rate: float) -> Interval:
    """Woodruff's: that of the share of answers that are as quick, read as seconds."""
    value = quantile(answers, rate)
    within = interval(answers, lambda answer: answer.seconds <= value)
    low, high = (min(1.0, max(0.0, rate + side - within.value)) for side in (within.low, within.high))
    return Interval(quantile(answers, low), value, quantile(answers, high))


def gained(before: Sequence[Seen], after: Sequence[Seen]) -> Interval:
    """What one point has on another over the same traces: availability less a thousandth for each second of the mean.

    Paired by question: both met the same luck.
    """
    pairs = zip(before, after, strict=True)
    return mean([difference(counted(one.answers), counted(other.answers), _worth) for one, other in pairs])


def _worth(answer: Answer) -> float:
    return answer.good - answer.seconds / LEAST_SECONDS * LEAST_SHARE
