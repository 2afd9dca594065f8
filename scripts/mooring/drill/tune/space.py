"""The policies that a search may change, each with the values that it tries."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mooring.spec import Resilience

Value = float | bool | None

FACTORS = (0.4, 0.55, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)
"""Of today's seconds."""

CHANGED = 0.35
"""The share of policies that a random point changes: most of what is written has a reason."""

ORDER = "models"
"""The dimension that is in no profile: whether L1 is asked first. True: it is."""


HEDGE, HEDGED = "ladder.hedge.", "ladder.hedge.enabled"
FIRST_BYTE, TIMEOUT = "firstByteSeconds", "timeoutSeconds"


@dataclass(frozen=True)
class Point:
    """What differs from today, by dotted names of the profile's YAML form, in order of names."""

    changes: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        return ", ".join(f"{path} {_shown(value)}" for path, value in self.changes) or "as it is"


TODAY = Point()


@dataclass(frozen=True)
class Dimension:
    """One policy: its values in order, with today's among them."""

    path: str
    values: tuple[Value, ...]
    today: Value


@dataclass(frozen=True)
class Space:
    """All of them."""

    dimensions: tuple[Dimension, ...]

    def point(self, values: Mapping[str, Value]) -> Point:
        """A point by values; those that come to the same are the same point."""
        today = {each.path: each.today for each in self.dimensions}
        whole = today | dict(values)
        if whole.get(HEDGED, True) is False:
            whole |= {path: value for path, value in today.items() if path.startswith(HEDGE) and path != HEDGED}
        for path in [path for path in whole if path.endswith(FIRST_BYTE)]:
            first, longest = whole[path], whole[path.removesuffix(FIRST_BYTE) + TIMEOUT]
            whole[path] = min(filter(None, (first, longest)))  # a limit above the other counts as the other
        return Point(tuple(sorted((path, value) for path, value in whole.items() if value != today[path])))

    def sample(self, count: int, chance: random.Random) -> Iterator[Point]:
        """Random points around today's; together they try all values of each policy about as often."""
        columns = {each.path: _column(each, count, chance) for each in self.dimensions}
        for number in range(count):
            kept = {path: column[number] for path, column in columns.items() if chance.random() < CHANGED}
            yield self.point(kept)

    def neighbours(self, point: Point, chance: random.Random) -> list[Point]:
        """Points without one of its changes, then, in random order, those that change one policy by one value."""
        now = dict(point.changes)
        fewer = [self.point({path: value for path, value in now.items() if path != change}) for change in now]
        found = [
            self.point(now | {each.path: value})
            for each in self.dimensions
            for value in _beside(each.values, now.get(each.path, each.today))
        ]
        chance.shuffle(found)
        return [each for each in dict.fromkeys([*fewer, *found]) if each != point]


def _beside(values: Sequence[Value], value: Value) -> list[Value]:
    """The values before and after one, which need not be among them when it is a number."""
    if value in values:
        at = values.index(value)
        return [values[other] for other in (at - 1, at + 1) if 0 <= other < len(values)]
    numbers = [each for each in values if each is not None]
    below, above = [each for each in numbers if each < (value or 0)], [each for each in numbers if each > (value or 0)]
    return [*below[-1:], *above[:1]]


def space(profile: Resilience, rungs: Sequence[str], *, order: bool = False) -> Space:
    """Of a profile whose agents have these `rungs`; with `order` also whether L1 is asked first."""
    found = [*_retries(profile, rungs), *_limits(profile, rungs), *_breaker(profile)]
    if len(rungs) > 1:
        found += _hedge(profile)
    if order and {"L0", "L1"} <= set(rungs):
        found.append(Dimension(ORDER, (False, True), False))
    return Space(tuple(found))


def _retries(profile: Resilience, rungs: Sequence[str]) -> Iterator[Dimension]:
    retry = profile.retry
    if any(profile.ladder.rungs.of(rung).tries is None for rung in rungs):
        yield _one_of("retry.tries", (1, 2, 3, 4, 5), retry.tries)
    for rung in rungs:
        if (tries := profile.ladder.rungs.of(rung).tries) is not None:
            yield _one_of(f"ladder.rungs.{rung}.tries", (1, 2, 3, 4), tries)
    yield _one_of("retry.triesAfterTimeout", (0, 1), retry.tries_after_timeout)
    shares = {0.05, 0.1, 0.2, 0.4} if retry.max_share is None else {0.05, 0.1, 0.2, 0.4, retry.max_share}
    yield Dimension("retry.maxShare", (*sorted(shares), None), retry.max_share)
    yield _one_of("retry.baseSeconds", (1, 1.5, 2, 3), retry.base_seconds)


def _limits(profile: Resilience, rungs: Sequence[str]) -> Iterator[Dimension]:
    for rung in rungs:
        policy = profile.ladder.rungs.of(rung)
        yield _around(f"ladder.rungs.{rung}.{TIMEOUT}", policy.timeout_seconds)
        if policy.first_byte_seconds is not None:
            yield _around(f"ladder.rungs.{rung}.{FIRST_BYTE}", policy.first_byte_seconds)


def _breaker(profile: Resilience) -> Iterator[Dimension]:
    policy = profile.breaker
    yield _one_of("breaker.consecutiveFailures", (1, 2, 3, 4, 5, 8), policy.consecutive_failures)
    yield _one_of("breaker.failureRate", (0.25, 0.35, 0.5, 0.7), policy.failure_rate)
    yield _around("breaker.slowCallSeconds", policy.slow_call_seconds)
    yield _one_of("breaker.openSeconds", (5, 10, 20, 30, 60, 120), policy.open_seconds)


def _hedge(profile: Resilience) -> Iterator[Dimension]:
    policy = profile.ladder.hedge
    yield _one_of(HEDGED, (False, True), policy.enabled)
    yield _around(f"{HEDGE}afterSeconds", policy.after_seconds)
    percentiles = sorted({0.9, 0.95, 0.99, *([policy.percentile] if policy.percentile else [])})
    yield Dimension(f"{HEDGE}percentile", (None, *percentiles), policy.percentile)
    yield _one_of(f"{HEDGE}maxShare", (0.05, 0.1, 0.2, 0.3, 0.5), policy.max_share)


def _one_of(path: str, values: Sequence[float], today: float) -> Dimension:
    return Dimension(path, tuple(sorted({*values, today})), today)


def _around(path: str, today: float) -> Dimension:
    return _one_of(path, [_round(today * factor) for factor in FACTORS], today)


def _round(seconds: float) -> float:
    """To half a second, and short times to a tenth of one."""
    return round(seconds * 2) / 2 if seconds >= 2 else max(0.1, round(seconds, 1))


def _column(dimension: Dimension, count: int, chance: random.Random) -> list[Value]:
    """A Latin hypercube's: https://en.wikipedia.org/wiki/Latin_hypercube_sampling."""
    places = [(number + chance.random()) / count for number in range(count)]
    chance.shuffle(places)
    return [dimension.values[int(place * len(dimension.values))] for place in places]


def _shown(value: Value) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else f"{value:g}"
