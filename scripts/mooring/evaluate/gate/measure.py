"""Pass rate, cost and latency over many cases at once: one paired treatment for all three."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Literal

from mooring.evaluate.gate.comparison import Comparison, Pair
from mooring.evaluate.gate.inference import Group, effort, holm, interval, ratio, sign_flip
from mooring.evaluate.gate.tally import Tally
from mooring.evaluate.gate.verdict import Measured
from mooring.spec.suite import Budget

APART = timedelta(minutes=1)
"""Sides that began further apart were not asked together: latency then measures the hour, not the change."""

NOTICED_SECONDS = 0.1
"""A rise of the mean latency that nobody notices: https://www.nngroup.com/articles/response-times-3-important-limits/."""

Number = Fraction | float


@dataclass(frozen=True)
class Quantity:
    """What is measured of a case, the more the worse; None where it is not known. A rate is not relative to itself.

    A rise of less than `least` is within every margin.
    """

    name: Literal["pass rate", "cost", "latency"]
    of: Callable[[Tally], Number | None]
    margin: Callable[[Budget], float]
    relative: bool = True
    least: float = 0.0


PASS_RATE = Quantity("pass rate", lambda tally: 1 - tally.rate, lambda budget: budget.pass_rate_drop, relative=False)
COST = Quantity("cost", lambda tally: tally.cost_usd, lambda budget: budget.cost_increase)
LATENCY = Quantity(
    "latency", lambda tally: tally.latency_seconds, lambda budget: budget.latency_increase, least=NOTICED_SECONDS
)


@dataclass(frozen=True)
class Scope:
    """Cases that are looked at together: all of an agent, and each suite where the agent has several."""

    name: str
    broad: bool
    pairs: tuple[Pair, ...]


def scopes(pairs: Iterable[Pair]) -> Iterator[Scope]:
    """Of the cases that can be compared."""
    compared = [pair for pair in pairs if pair.compared]
    for agent in sorted({pair.agent for pair in compared}):
        mine = tuple(pair for pair in compared if pair.agent == agent)
        yield Scope(f"agent {agent}", True, mine)
        suites = sorted({pair.suite for pair in mine})
        for suite in suites if len(suites) > 1 else ():
            yield Scope(f"suite {suite}", False, tuple(pair for pair in mine if pair.suite == suite))


def measure(comparison: Comparison) -> tuple[Measured, ...]:
    """All quantities of all scopes, without cases in quarantine; p-values of one quantity are adjusted by Holm."""
    all_ = list(scopes(comparison.counting))
    wide = [scope for scope in all_ if scope.broad]
    found = list(_family(comparison, PASS_RATE, all_ if comparison.live else wide))
    found += _family(comparison, COST, wide)
    if comparison.live and near(comparison):
        found += _family(comparison, LATENCY, wide)
    return tuple(found)


def near(comparison: Comparison) -> bool:
    """Whether both sides were asked at about the same time."""
    if comparison.base is None:
        return False
    times = [datetime.fromisoformat(side.started) for side in (comparison.base, comparison.head)]
    return abs(times[0] - times[1]) <= APART


def _family(comparison: Comparison, quantity: Quantity, all_: Sequence[Scope]) -> list[Measured]:
    found = [one for scope in all_ if (one := _measured(comparison, quantity, scope))]
    if not comparison.live:
        return found
    adjusted = holm([one.p or 0.0 for one in found])
    return [replace(one, p=p) for one, p in zip(found, adjusted, strict=True)]


def _measured(comparison: Comparison, quantity: Quantity, scope: Scope) -> Measured | None:
    """None where nothing is known, or nothing is there to be relative to."""
    known = [(pair, *both) for pair in scope.pairs if (both := _both(quantity, pair))]
    groups = _groups(quantity, known)
    if not known or not sum(of for _, of in groups):
        return None
    margins = [quantity.margin(comparison.suites[pair.suite].budget) for pair, _, _ in known]
    before = float(sum(base for _, base, _ in known)) / len(known)
    measured = Measured(
        quantity=quantity.name,
        scope=scope.name,
        broad=scope.broad,
        cases=len(known),
        base=before,
        head=float(sum(head for _, _, head in known)) / len(known),
        change=ratio(groups),
        margin=max(sum(margins) / len(known), quantity.least / before if quantity.least else 0.0),
    )
    return _with_chance(comparison, measured, groups, scope) if comparison.live else measured


def _with_chance(comparison: Comparison, one: Measured, groups: Sequence[Group], scope: Scope) -> Measured:
    seed = f"{comparison.head.seed}/{one.quantity}/{one.scope}"
    low, high = interval(groups, seed, comparison.options.resamples)
    p = sign_flip(change for change, _ in groups)
    times = effort(one.change, groups)
    repeats = max(pair.head.judged for pair in scope.pairs)
    return replace(one, low=low, high=high, p=p, remedy=_remedy(times, repeats, len(groups)))


def _remedy(times: float, repeats: int, groups: int) -> str:
    return f"about {_up(repeats * times)} repeats, or {_up(groups * times)} cases, would tell it from chance"


def _up(number: float) -> int:
    return int(number) + 1


def _both(quantity: Quantity, pair: Pair) -> tuple[Number, Number] | None:
    if not pair.compared or pair.base is None:
        return None
    base, head = quantity.of(pair.base), quantity.of(pair.head)
    return None if base is None or head is None else (base, head)


def _groups(quantity: Quantity, known: Iterable[tuple[Pair, Number, Number]]) -> list[Group]:
    """Sums by group, in the order of their names: cases of a group stand or fall together."""
    sums: dict[str, Group] = {}
    for pair, base, head in known:
        change, of = sums.get(pair.group, (0, 0))
        sums[pair.group] = (change + head - base, of + (base if quantity.relative else 1))
    return [sums[name] for name in sorted(sums)]
