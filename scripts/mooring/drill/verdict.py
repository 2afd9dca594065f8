"""Whether a release may go out by its drills: its own targets, the environment's objectives, no loss against the base.

A loss is significant when the interval of the difference, paired by question, excludes nothing lost; and it must
matter: a thousandth of what is asked, or a second of its mean time.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from mooring.drill.answer import Answer
from mooring.drill.arms.names import BASE, HEAD
from mooring.drill.measure import Figures
from mooring.drill.quantities import Score, difference, share
from mooring.drill.run import Drilled
from mooring.spec.objectives import Objective

Verdict = Literal["pass", "fail", "inconclusive"]

LEAST_SHARE, LEAST_SECONDS = 0.001, 1.0
"""The smallest loss that matters, of a share and of a mean time."""

HOURS = 8760.0
"""Of a year."""

SCORES: Mapping[str, Score] = {
    "availability": lambda answer: answer.good,
    "answered by L0": lambda answer: answer.good and answer.rung == "L0",
    "answered by L0 or L1": lambda answer: answer.good and answer.rung in ("L0", "L1"),
    "mean seconds": lambda answer: -answer.seconds,
}
"""What is compared with the base, each such that more is better."""

JUDGED = ("uptime", "mean-seconds", "p99-seconds")
"""Signals of objectives that a trace can break or keep: how much fails in it is not the agents' doing."""


@dataclass(frozen=True)
class Miss:
    """A target or objective that the head does not keep: `value` against `limit`."""

    drill: str
    what: str
    value: float
    limit: float
    said: str

    def __str__(self) -> str:
        return f"{self.drill}: {self.what} is {_shown(self.what, self.value)}; {self.said}"


@dataclass(frozen=True)
class Loss:
    """What the change costs: the share or seconds `before` and `after`, and the interval of the difference."""

    drill: str
    what: str
    before: float
    after: float
    low: float
    high: float

    @property
    def hours(self) -> float:
        """Of a year; of shares only."""
        return (self.before - self.after) * HOURS

    def __str__(self) -> str:
        before, after = _shown(self.what, self.before), _shown(self.what, self.after)
        return f"{self.drill}: {self.what} {before} -> {after}"


@dataclass(frozen=True)
class Judgement:
    """The verdict on all drills. `broken` are arms that crashed, as `(drill, arm, error)`."""

    outcome: Verdict
    misses: tuple[Miss, ...]
    losses: tuple[Loss, ...]
    broken: tuple[tuple[str, str, str], ...]

    @property
    def sentence(self) -> str:
        """The verdict with its first reason."""
        reasons = [
            *map(str, self.losses),
            *map(str, self.misses),
            *(f"{arm} crashed: {why}" for _, arm, why in self.broken),
        ]
        return reasons[0] if self.outcome != "pass" else "all targets kept, nothing lost"

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


def judge(drilled: Mapping[str, Drilled], objectives: Sequence[Objective]) -> Judgement:
    """Inconclusive when an arm that decides has crashed."""
    misses = tuple(miss for each in drilled.values() for miss in _misses(each, objectives))
    losses = tuple(loss for each in drilled.values() for loss in _losses(each))
    broken = tuple(
        (name, arm, lines.error)
        for name, each in drilled.items()
        for arm, lines in each.arms.items()
        if lines.figures is None
    )
    decisive = any(arm in (HEAD, BASE) for _, arm, _ in broken)
    return Judgement("fail" if misses or losses else "inconclusive" if decisive else "pass", misses, losses, broken)


def _misses(drilled: Drilled, objectives: Sequence[Objective]) -> Iterator[Miss]:
    found, drill = drilled.arms[HEAD].figures, drilled.drill
    if found is None:
        return
    targets = drill.targets
    mttr = found.mttr[1] if found.mttr else 0.0
    for what, value, limit, least in (
        ("availability", found.availability.value, targets.availability, True),
        ("answered", found.answered, targets.answered, True),
        ("P99 seconds", found.p99_seconds, targets.p99_seconds, False),
        ("MTTR P95 seconds", mttr, targets.mttr_p95_seconds, False),
        ("amplification", found.amplification or 0.0, targets.amplification, False),
    ):
        if limit is not None and (value < limit if least else value > limit):
            yield Miss(drill.name, what, value, limit, f"the drill's own target is {'>=' if least else '<='} {limit:g}")
    for objective in objectives:
        if objective.signal in JUDGED and objective.seconds <= drill.seconds:
            value = _value(found, objective)
            if not objective.kept(value):
                yield Miss(drill.name, objective.name, value, objective.target, f"objective {objective.name}")


def _value(found: Figures, objective: Objective) -> float:
    match objective.signal:
        case "uptime":
            return found.availability.value
        case "mean-seconds":
            return found.mean_seconds
    return found.p99_seconds


def _losses(drilled: Drilled) -> Iterator[Loss]:
    base, head = drilled.arms.get(BASE), drilled.arms[HEAD]
    if base and base.release != head.release and base.figures and head.figures:
        yield from losses(drilled.drill.name, base.answers, head.answers)


def losses(drill: str, before: Sequence[Answer], after: Sequence[Answer]) -> Iterator[Loss]:
    """What is significantly less, and matters, in answers to the same questions."""
    for what, score in SCORES.items():
        change = difference(before, after, score)
        least = LEAST_SECONDS if what.endswith("seconds") else LEAST_SHARE
        if change.high < 0 and change.value <= -least:
            was, is_now = (abs(share(each, score)) for each in (before, after))
            yield Loss(drill, what, was, is_now, change.low, change.high)


def _shown(what: str, value: float) -> str:
    return f"{value:.3g}" if what.endswith("seconds") or what == "amplification" else f"{value * 100:.4g} %"
