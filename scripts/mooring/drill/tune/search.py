"""The search: points race through the traces, and the better half goes on; then policies are changed one by one.

It is successive halving (https://arxiv.org/abs/1502.07943) over a Latin hypercube around today's values, and a
coordinate descent from its best point. All points meet the same questions and the same luck.
"""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from mooring.drill.quantities import quantile
from mooring.drill.tune.front import Limits, Summary, gained, summary
from mooring.drill.tune.lives import Seen
from mooring.drill.tune.space import TODAY, Point, Space
from mooring.drill.tune.traces import Trace

Ask = Callable[[Sequence[tuple[Point, Trace]]], Iterable[Seen]]
"""Lives through traces at points; those that crash are missing in what it returns."""

SAMPLED = 0.5
"""The share of evaluations that the random points may take."""

TOGETHER = 8
"""Neighbours of the best point that race at a time."""

DRAWN = 20
"""Random points that are drawn at most for each that the catalog allows."""


class Search:
    """One search; `evaluations` is how many traces all points together may live through. What was found stays in it.

    `order` are the traces: first those in which today's profile is slowest while a vendor fails, where it tells most.
    """

    def __init__(
        self, space: Space, allowed: Callable[[Point], bool], ask: Ask, traces: Sequence[Trace], limits: Limits
    ) -> None:
        self._space, self._allowed, self._ask = space, allowed, ask
        self.order, self.limits = list(traces), limits
        self.seen: dict[Point, list[Seen]] = {}
        """By point, in order of the traces."""
        self.spent = 0
        self._left = 0
        self._summaries: dict[tuple[Point, int], Summary] = {}

    def run(self, evaluations: int, seed: int) -> None:
        """Searches. It can be stopped by an exception: `best` and `whole` are then what there is so far."""
        self.today()
        self._left = evaluations - len(self.order)
        chance = random.Random(f"{seed}/search")  # noqa: S311 - a die
        self._race(self._sample(int(self._left * SAMPLED), chance))
        while beside := self._neighbours(chance):
            self._race(beside)

    def limit(self, limits: Limits) -> None:
        """Sets what points must keep from now on."""
        self.limits = limits
        self._summaries.clear()

    def today(self) -> list[Seen]:
        """What today's profile comes to; asked once, before all else."""
        if TODAY not in self.seen:
            found = {seen.trace.name: seen for seen in self._live([(TODAY, trace) for trace in self.order])}
            self.order.sort(key=lambda trace: -_slow_while_sick(found[trace.name]))
            self.seen[TODAY] = [found[trace.name] for trace in self.order]
        return self.seen[TODAY]

    @property
    def whole(self) -> list[Point]:
        """Points that have lived through all traces."""
        return [point for point, seen in self.seen.items() if len(seen) == len(self.order)]

    def summary(self, point: Point, traces: int | None = None) -> Summary:
        """Of a point over the first `traces`, by default all that it has lived through."""
        key = point, len(self.seen[point][:traces])
        if key not in self._summaries:
            self._summaries[key] = summary(self.seen[point][:traces], self.limits, self.seen[TODAY])
        return self._summaries[key]

    @property
    def best(self) -> Point:
        """The one with the least loss; of those that come to the same, the one that changes least."""
        return min(self.whole, key=self._rank)

    def _rank(self, point: Point) -> tuple[float, int]:
        return self.summary(point).loss, len(point.changes)

    # --- rounds ---

    def _race(self, points: Sequence[Point]) -> None:
        """Each round has twice as many traces as the last one, and half as many points, none clearly worse."""
        alive, done, best = list(points), 0, self.best
        while alive and done < len(self.order):
            traces = self.order[done : done + max(1, done)]
            asked = [(point, trace) for point in alive for trace in traces]
            if len(asked) > self._left:
                alive = alive[: self._left // len(traces)]
                asked = [(point, trace) for point in alive for trace in traces]
            found = {(seen.point, seen.trace.name): seen for seen in self._live(asked)}
            self._left -= len(asked)
            alive = [point for point in alive if all((point, trace.name) in found for trace in traces)]
            for point in alive:
                self.seen.setdefault(point, []).extend(found[point, trace.name] for trace in traces)
            done += len(traces)
            alive.sort(key=self._rank)
            alive = [point for point in alive if not self._worse(point, best)][: max(1, len(alive) // 2)]
        self._forget()

    def _live(self, asked: Sequence[tuple[Point, Trace]]) -> Iterator[Seen]:
        self.spent += len(asked)
        yield from self._ask(asked)

    def _worse(self, point: Point, best: Point) -> bool:
        """Whether it is certain that a point is worse than the best one, and misses no less."""
        seen = self.seen[point]
        ours, theirs = self.summary(point), self.summary(best, len(seen))
        return ours.excess >= theirs.excess and gained(self.seen[best][: len(seen)], seen).high < 0

    def _forget(self) -> None:
        """Frees the answers of points that are out; that they were tried is kept."""
        for seen in self.seen.values():
            if len(seen) < len(self.order):
                seen.clear()

    # --- points ---

    def _sample(self, evaluations: int, chance: random.Random) -> list[Point]:
        """As many as may race with so many evaluations: each takes about three, since few see all traces."""
        count = max(1, evaluations // 3)
        drawn = self._space.sample(count * DRAWN, chance)
        return list(islice((point for point in self._new(drawn)), count))

    def _neighbours(self, chance: random.Random) -> list[Point]:
        """Of the best point; none when all have been tried or no evaluation is left."""
        if self._left < len(self.order):
            return []
        return list(islice(self._new(self._space.neighbours(self.best, chance)), TOGETHER))

    def _new(self, points: Iterable[Point]) -> Iterator[Point]:
        tried = set(self.seen)
        for point in points:
            if point not in tried and self._allowed(point):
                tried.add(point)
                yield point


def _slow_while_sick(seen: Seen) -> float:
    """The P99 of what is asked while the vendor of the first rung fails; 0 where it never does."""
    return quantile([answer for answer in seen.answers if answer.sick], 0.99)
