"""What fails and when: the incidents of a drill, drawn, listed or read from a team's own history."""

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from mooring.spec.drill import Drill, Failing, Incidents

P90 = NormalDist().inv_cdf(0.9)
_HOUR, _MINUTE = 3600.0, 60.0


@dataclass(frozen=True)
class Outage:
    """One incident in seconds from the beginning. `severity` is the share of calls that it hits.

    `rule` says where it is from: incidents of one rule are alike. `rungs` and `vendor` are whom it hits.
    """

    number: int
    failing: Failing
    start: float
    end: float
    severity: float
    rule: str
    rungs: tuple[str, ...] = ()
    vendor: str = ""

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return self.end - self.start

    def says(self) -> str:
        """Whom it hits and how, in a few words."""
        who = "+".join(self.rungs) or self.vendor or f"service {self.failing.service}"
        share = "" if self.severity >= 1 else f" ({self.severity:.0%} of calls)"
        return f"{who} {self.failing.mode}{share}"


def expand(drill: Drill, seed: int, history: Sequence[Outage] = ()) -> tuple[Outage, ...]:
    """All incidents of a drill by their start, numbered. `history` are those of its CSV file."""
    listed = [
        Outage(0, each, each.start * _HOUR, min(each.end, drill.hours) * _HOUR, each.severity, "listed", *_whom(each))
        for each in drill.incidents
        if each.start < drill.hours
    ]
    drawn = [outage for place, rule in enumerate(drill.random) for outage in _drawn(drill, seed, place, rule)]
    every = sorted([*listed, *drawn, *history], key=lambda outage: (outage.start, outage.end, outage.rule))
    return tuple(
        Outage(number, each.failing, each.start, each.end, each.severity, each.rule, each.rungs, each.vendor)
        for number, each in enumerate(every)
    )


def _whom(failing: Failing) -> tuple[tuple[str, ...], str]:
    return ((failing.rung,) if failing.rung else (), failing.vendor or "")


def _drawn(drill: Drill, seed: int, place: int, rule: Incidents) -> Iterator[Outage]:
    """Durations until they fill their share of the time, and gaps as in a Poisson process with that many events."""
    chance = random.Random(f"{seed}/{drill.name}/{place}")  # noqa: S311 - a die
    durations = list(_durations(rule, drill.seconds * rule.share, chance))
    cuts = sorted(chance.random() for _ in durations)
    free, passed = drill.seconds - sum(durations), 0.0
    for cut, seconds in zip(cuts, durations, strict=True):
        start = cut * free + passed
        passed += seconds
        least = rule.severity if rule.least_severity is None else rule.least_severity
        severity = chance.uniform(least, rule.severity)
        rungs, vendor = _whom(rule)
        if rule.also and chance.random() < rule.correlation:
            rungs = (*rungs, rule.also)
        yield Outage(0, rule, start, start + seconds, severity, f"random.{place}", rungs, vendor)


def _durations(rule: Incidents, budget: float, chance: random.Random) -> Iterator[float]:
    """Log-normal ones whose sum is `budget`: the last is as long as what is left, if that is not next to nothing."""
    sigma = math.log(rule.p90_minutes / rule.median_minutes) / P90
    while budget > _MINUTE:
        minutes = min(chance.lognormvariate(math.log(rule.median_minutes), sigma), rule.most_minutes)
        seconds = min(minutes * _MINUTE, budget)
        budget -= seconds
        yield seconds
