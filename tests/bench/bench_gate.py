"""How often gates block changes that do no harm, and catch those that do: 30 cases x 5 repeats, a fifth of them flaky.

Worlds are simulated, with seeds; the verdicts are those of the real `compare` and `decide`. The naive gates see the
first repeat only, since one run is what they ask for.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from mooring.evaluate.cases import suite_digest
from mooring.evaluate.gate.compare import compare
from mooring.evaluate.gate.comparison import Options
from mooring.evaluate.gate.decide import decide
from mooring.evaluate.gate.live import CONFIRM_REPEATS
from mooring.evaluate.gate.tally import CaseKey
from mooring.evaluate.values import Reply, Results, Trial
from mooring.spec.suite import Case, EvalSuite
from tests.bench.row import Row

CASES, REPEATS, FLAKY = 30, 5, 6
CLEAN_RATE, FLAKY_RATES = 0.99, (0.5, 0.9)
COST_SPREAD = 0.3
"""Spread of the cost of one trial, as sigma of a log-normal: answers differ in length."""


@cache
def suites(number: int) -> dict[str, EvalSuite]:
    """All cases, dealt to as many suites."""
    return {f"suite-{n}": _suite(f"suite-{n}", range(n, CASES, number)) for n in range(number)}


def _suite(name: str, cases: Sequence[int]) -> EvalSuite:
    return EvalSuite(
        api_version="mooring/v1",
        kind="EvalSuite",
        name=name,
        version="1.0.0",
        description="Simulated.",
        owner="@tidewater/support",
        agent="support",
        tests=tuple(Case(id=f"case-{n:02}") for n in cases),
    )


@cache
def digests(number: int) -> dict[str, str]:
    return {name: suite_digest(suite) for name, suite in suites(number).items()}


OPTIONS = Options(resamples=20)  # the interval is printed, and decides nothing

Rates = list[float]
Harm = Callable[[Rates, random.Random], Rates]


@dataclass(frozen=True)
class World:
    """A kind of change, and how it is counted: `limit` is the least or, for harmless ones, the greatest share."""

    what: str
    harm: Harm
    times: int
    limit: float | None = None
    harmless: bool = False
    suites: int = 1


def drop(points: float) -> Harm:
    return lambda rates, _: [max(0.0, rate - points) for rate in rates]


def broken(which: Callable[[random.Random], Sequence[int]]) -> Harm:
    def harm(rates: Rates, chance: random.Random) -> Rates:
        chosen = which(chance)
        return [0.0 if index in chosen else rate for index, rate in enumerate(rates)]

    return harm


def clean(number: int) -> Callable[[random.Random], Sequence[int]]:
    return lambda chance: chance.sample(range(FLAKY, CASES), number)


WORLDS = (
    World("no change", drop(0), 1000, 0.05, harmless=True),
    World("no change, in six suites", drop(0), 500, 0.05, harmless=True, suites=6),
    World("all cases drop 10 points", drop(0.10), 1000, 0.90),
    World("all cases drop 5 points", drop(0.05), 300),
    World("a tenth of the cases break", broken(clean(CASES // 10)), 300, 1.0),
    World("one case breaks", broken(clean(1)), 500, 1.0),
    World("one flaky case breaks", broken(lambda _: [0]), 300),
    World("the agent breaks", broken(lambda _: range(CASES)), 100, 1.0),
)


def run() -> list[Row]:
    return [row for world in WORLDS for row in _rows(world)]


def _rows(world: World) -> list[Row]:
    seen: Counter[str] = Counter()
    for seed in range(world.times):
        seen.update(_one(world, random.Random(f"{world.what} {seed}")))
    share = {name: found / world.times for name, found in seen.items()}
    blocked = share.get("fail", 0.0)
    most, ok = "", None
    if world.limit is not None:
        most = f"{'<=' if world.harmless else '>='} {world.limit:.0%}"
        ok = blocked <= world.limit if world.harmless else blocked >= world.limit
    rivals = ", ".join(f"{name} {share.get(name, 0.0):.0%}" for name in NAIVE)
    held, asked = share.get("inconclusive", 0.0), seen["asked again"] / world.times
    more = f"{held:.1%} inconclusive; {asked:.0f} more trials on top of {2 * CASES * REPEATS}"
    return [
        Row(f"blocked: {world.what}", f"{blocked:.1%}", rivals, limit=most, ok=ok),
        Row(f"  held: {world.what}", more),
    ]


def _one(world: World, chance: random.Random) -> Counter[str]:
    """What every gate says about one change."""
    before = [chance.uniform(*FLAKY_RATES) if n < FLAKY else CLEAN_RATE for n in range(CASES)]
    after = world.harm(before, chance)
    base, head = (_asked(world, rates, range(CASES), range(REPEATS), chance) for rates in (before, after))
    asked = 0

    def again(cases: Sequence[CaseKey]) -> tuple[Results, Results]:
        nonlocal asked
        chosen, repeats = [int(case.removeprefix("case-")) for _, case in cases], range(1000, 1000 + CONFIRM_REPEATS)
        asked = 2 * len(chosen) * len(repeats)
        return _asked(world, before, chosen, repeats, chance), _asked(world, after, chosen, repeats, chance)

    verdict = decide(compare(base, head, suites(world.suites), OPTIONS), again)
    pairs = list(zip(_first(base), _first(head), strict=True))
    naive = [name for name, gate in NAIVE.items() if gate(pairs)]
    return Counter({verdict.outcome: 1, "asked again": asked} | dict.fromkeys(naive, 1))


def _asked(world: World, rates: Rates, cases: Sequence[int], repeats: Sequence[int], chance: random.Random) -> Results:
    trials = tuple(
        _trial(world, case, repeat, chance.random() < rates[case], chance.lognormvariate(0, COST_SPREAD))
        for case in cases
        for repeat in repeats
    )
    asked = digests(world.suites)
    return Results("sha256:0", "staging", "live", 0, "2026-01-01T00:00:00+00:00", True, trials, asked)


def _trial(world: World, case: int, repeat: int, passed: bool, size: float) -> Trial:
    reply = Reply("", cost_usd=0.001 * size, latency_seconds=2 * size)
    return Trial(f"suite-{case % world.suites}", f"case-{case:02}", repeat, "live", (reply,), (), passed, 0.0)


def _first(results: Results) -> list[bool]:
    return [trial.passed is True for trial in results.trials if trial.repeat == 0]


Pairs = list[tuple[bool, bool]]


def _any_break(pairs: Pairs) -> bool:
    return (True, False) in pairs


def _rate(pairs: Pairs) -> bool:
    return sum(base - head for base, head in pairs) / len(pairs) > 0.02


def _mcnemar(pairs: Pairs) -> bool:
    worse, better = pairs.count((True, False)), pairs.count((False, True))
    all_ = worse + better
    return sum(math.comb(all_, k) for k in range(worse, all_ + 1)) / 2**all_ <= 0.05


NAIVE: dict[str, Callable[[Pairs], bool]] = {
    "any pass to fail": _any_break,
    "rate drops > 2 points": _rate,
    "McNemar": _mcnemar,
}
