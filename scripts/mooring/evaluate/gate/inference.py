"""The tests that the gate stands on. All are exact but the interval, which is drawn with a seed."""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

Group = tuple[Fraction | float, Fraction | float]
"""What the cases of one group come to: (sum of changes, sum of what they are relative to)."""

CONFIDENCE = 0.95
SLOTS = 20_000
BITS = 2**24
"""Limits on the size of an exact distribution; beyond, differences are rounded to a grid of as many steps."""


def sign_flip(differences: Iterable[Fraction | float]) -> float:
    """One-sided p of a paired permutation test: how often a sum is at least as large when every sign is a coin toss.

    All 2^n tosses are counted, none is drawn: digit t of `ways` to the base 2^width says how many of them sum to t.
    """
    exact = [Fraction(difference) for difference in differences if difference]
    if not exact:
        return 1.0
    scaled = _whole(exact)
    width = len(scaled) + 1
    ways = 1
    for size in scaled:
        ways += ways << abs(size) * width
    observed = sum(size for size in scaled if size > 0)
    tail = (ways >> observed * width) % ((1 << width) - 1)  # the sum of the digits, since it is below the base - 1
    return tail / (1 << len(scaled))


def _whole(exact: Sequence[Fraction]) -> list[int]:
    """In whole units: of the common denominator, or of a grid where that makes too many of them."""
    total = sum(map(abs, exact))
    unit = Fraction(1, math.lcm(*(difference.denominator for difference in exact)))
    slots = min(SLOTS, BITS // (len(exact) + 1))
    return [round(difference / max(unit, total / slots)) for difference in exact]


def fisher(base_passed: int, base_failed: int, head_passed: int, head_failed: int) -> float:
    """One-sided p of Fisher's exact test that head fails more often than base."""
    base, head = base_passed + base_failed, head_passed + head_failed
    failed = base_failed + head_failed
    ways = sum(
        math.comb(head, more) * math.comb(base, failed - more) for more in range(head_failed, min(head, failed) + 1)
    )
    return ways / math.comb(base + head, failed)


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values of a family, adjusted by Holm: at most 5 % of families with no effect have one of 0.05 or less."""
    order = sorted(range(len(ps)), key=lambda index: ps[index])
    adjusted, highest = [1.0] * len(ps), 0.0
    for rank, index in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        adjusted[index] = highest
    return adjusted


def at_most(found: int, among: int, confidence: float = CONFIDENCE) -> float:
    """The largest share that finding `found` among as many does not exclude (Clopper and Pearson, one-sided).

    With 0 found it is close to 3 / among, the rule of three.
    """
    if found >= among:
        return 1.0
    return _bisect(lambda share: _cumulative(found, among, share) > 1 - confidence)


def _cumulative(found: int, among: int, share: float) -> float:
    """The chance of at most `found` among so many; by logarithms, for binomials outgrow a float."""
    total = math.lgamma(among + 1)
    return math.fsum(
        math.exp(
            total
            - math.lgamma(k + 1)
            - math.lgamma(among - k + 1)
            + k * math.log(share)
            + (among - k) * math.log1p(-share)
        )
        for k in range(found + 1)
    )


def _bisect(below: Callable[[float], bool]) -> float:
    low, high = 0.0, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return high


def needed(share: float, confidence: float = CONFIDENCE) -> int:
    """How many, all of them clean, exclude a larger share."""
    return math.ceil(math.log(1 - confidence) / math.log1p(-share)) if 0 < share < 1 else 1


def ratio(groups: Sequence[Group]) -> float:
    """The sum of changes relative to the sum of what they are relative to."""
    return float(sum(change for change, _ in groups)) / float(sum(of for _, of in groups))


def interval(groups: Sequence[Group], seed: str, resamples: int) -> tuple[float, float]:
    """The percentile bootstrap interval of `ratio`, drawn over groups. Equal for an equal seed and order of groups."""
    plain = [(float(change), float(of)) for change, of in groups]
    drawn = random.Random(seed)  # noqa: S311 - reproducible on purpose
    found = []
    for _ in range(resamples):
        chosen = drawn.choices(plain, k=len(plain))
        of = sum(pair[1] for pair in chosen)
        found.append(sum(pair[0] for pair in chosen) / of if of else 0.0)
    found.sort()
    tail = (1 - CONFIDENCE) / 2
    return found[int(tail * resamples)], found[min(resamples - 1, int((1 - tail) * resamples))]


def effort(observed: float, groups: Sequence[Group]) -> float:
    """How many times as much data make a change as large as the observed one stand out, four times in five.

    By the normal approximation of the sign-flip test: (1.645 + 0.842) standard errors.
    """
    of = float(sum(of for _, of in groups))
    error = math.sqrt(math.fsum(float(change) ** 2 for change, _ in groups)) / of
    return ((1.645 + 0.842) * error / observed) ** 2 if observed > 0 else 1.0
