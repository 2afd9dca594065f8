"""Recording rules: the series that alerts, budgets and the dashboard are made of, one for each window."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

from mooring.operate.objectives import signals
from mooring.operate.objectives.pace import Pace, duration, windows
from mooring.rollout.objectives.burn import BLIP
from mooring.rollout.objectives.signals import Level, Mean, Measure, Quantile, Share, budget_of, measure_of
from mooring.spec.objectives import Objective

BUDGET = "objective:mooring_budget:left"
"""What is left of an error budget, 1 to 0; without a value where too little happened to say."""

SELDOM = 75
"""Seconds from one look to the next, with a scrape a minute of which some fail: more looks are not asked for."""

TIME, REQUESTS = "time", "requests"
"""Values of the label `of`, where an objective is judged by both."""


def bad(seconds: int) -> str:
    """The share of bad events over a window."""
    return f"objective:mooring_bad:ratio_{duration(seconds)}"


def events(seconds: int) -> str:
    """How many events there were in a window."""
    return f"objective:mooring_events:increase_{duration(seconds)}"


def value(seconds: int) -> str:
    """What is compared with a threshold, over a window."""
    return f"objective:mooring_value:over_{duration(seconds)}"


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule."""

    name: str
    expr: str
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Names:
    """The recorded series of one objective of an environment."""

    environment: str
    objective: Objective

    @property
    def labels(self) -> dict[str, str]:
        return {signals.LABEL: self.environment, "objective": self.objective.name}

    def of(self, name: str, **more: str) -> str:
        """A selector of a recorded series."""
        shown = ",".join(f'{label}="{value}"' for label, value in {**self.labels, **more}.items())
        return f"{name}{{{shown}}}"

    def enough(self, seconds: int, threshold: float = 1.0) -> str:
        """Has a value where enough happened in a window to say whether a share of it is above a threshold.

        Where time counts, so does how often it was looked at: an environment that was first seen while it started had
        been down all the time by then. MooringDown has those minutes.
        """
        least, measure = self.objective.min_events, measure_of(self.objective)
        if not (isinstance(measure, Share) and measure.up):
            return f"{self.of(events(seconds))} >= {least}"
        looked = min(max(least, math.ceil(BLIP / threshold)), seconds // SELDOM)
        happened = f"{self.of(events(seconds), of=REQUESTS)} >= {least}"
        return f"({happened} or {self.of(events(seconds), of=TIME)} >= {looked})"


def records(environment: str, objective: Objective, pace: Pace) -> list[Record]:
    """What the alerts on an objective need."""
    names, measure = Names(environment, objective), measure_of(objective)
    if isinstance(measure, Share):
        tiers = pace.of(objective)
        found = [one for length in windows(tiers) for one in _shares(names, measure, length)]
        longest = {tier.long for tier in tiers}
        return found + [one for length in sorted(longest) for one in _events(names, measure, length)]
    lengths = (objective.seconds, pace.within(objective.seconds))
    found = [Record(value(each), signals.value(environment, measure, each), names.labels) for each in lengths]
    return [*found, *_events(names, measure, objective.seconds)]


def budget(environment: str, objective: Objective, pace: Pace) -> list[Record]:
    """What is left of the error budget of an objective that has one, and what that needs besides `records`."""
    names, measure, length = Names(environment, objective), measure_of(objective), objective.seconds
    allowed = budget_of(objective)
    if not isinstance(measure, Share) or allowed is None:
        return []
    missing: list[Record] = []
    if length not in {tier.long for tier in pace.of(objective)}:
        missing = [*_shares(names, measure, length), *_events(names, measure, length)]
    worst = f"max by ({signals.LABEL}, objective) ({names.of(bad(length))} and {names.enough(length)})"
    left = f"clamp_min(1 - {worst} / {allowed:g}, 0)"
    return [*missing, Record(BUDGET, left, names.labels)]


def _shares(names: Names, share: Share, seconds: int) -> Iterator[Record]:
    environment, labels = names.environment, names.labels
    counted = {"of": REQUESTS} if share.up else {}
    yield Record(bad(seconds), signals.bad(environment, share, seconds), {**labels, **counted})
    if share.up:
        down = signals.down(environment, share.up, seconds)
        yield Record(bad(seconds), down, {**labels, "of": TIME})


def _events(names: Names, measure: Measure, seconds: int) -> Iterator[Record]:
    environment, labels = names.environment, names.labels
    match measure:
        case Share(total=total, up=up):
            counted = {"of": REQUESTS} if up else {}
            yield Record(events(seconds), signals.increase(environment, total, seconds), {**labels, **counted})
            if up:
                yield Record(events(seconds), signals.looks(environment, up, seconds), {**labels, "of": TIME})
        case Mean() | Quantile():
            yield Record(events(seconds), signals.events(environment, measure, seconds), labels)
        case Level():
            return
