"""Drills that were lived through on paper: every question of the real schedule, with answers by rule."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mooring.drill.answer import Answer
from mooring.drill.live_through import Lived
from mooring.drill.measure import figures
from mooring.drill.run import Drilled, Lines
from mooring.drill.schedule import Arrival, arrivals
from mooring.drill.trace import Outage, expand
from mooring.spec.drill import Drill, Question

QUESTION = Question(agent="support", say="Hello?", expect="yes")

LATE = 30.0

Rule = Callable[[float, set[str]], tuple[str, float, int]]
"""Of seconds since the last change and rungs that fail: the rung that answers, seconds, and calls to a failing L0."""


def drill(name: str = "outage", **told: Any) -> Drill:
    head = {"apiVersion": "mooring/v1", "kind": "Drill", "name": name, "version": "1.0.0", "owner": "@acme/ai"}
    return Drill.model_validate(head | {"description": "The first vendor is down.", "hours": 1, "perMinute": 6} | told)


def outage(name: str = "outage", mode: str = "down", **told: Any) -> Drill:
    return drill(name, incidents=[{"rung": "L0", "start": 0.2, "end": 0.5, "mode": mode}], **told)


def year() -> Drill:
    rules = [{"rung": "L0", "share": 0.03}, {"rung": "L1", "share": 0.02}]
    lengths = {"medianMinutes": 75, "p90Minutes": 300, "mostMinutes": 1900}
    return drill("year", hours=8760, sample=8, perMinute=4, random=[rule | lengths for rule in rules])


def one_vendor(since: float, failing: set[str]) -> tuple[str, float, int]:
    return ("", 5.0, 3) if "L0" in failing else ("L0", 1.25, 0)


def ladder(since: float, failing: set[str]) -> tuple[str, float, int]:
    """Goes down a rung; the first half minute of an incident is lost, and then the breaker is open."""
    if "L0" not in failing:
        return "L0", 1.25, 0
    if since < 30:
        return "", 20.0, 2
    return ("L2", 2.5, 0) if "L1" in failing else ("L1", 1.75, 0)


def slower(since: float, failing: set[str]) -> tuple[str, float, int]:
    """Without a second vendor; it takes ten minutes until the prepared answer is given."""
    if "L0" not in failing:
        return "L0", 1.25, 0
    return ("", 40.0, 2) if since < 600 else ("L3", 0.25, 1)


RULES: dict[str, Rule] = {"supervised": one_vendor, "base": ladder, "head": ladder}
WORSE: dict[str, Rule] = RULES | {"head": slower}
BOUGHT: dict[str, Rule] = RULES | {"without breaker": ladder, "without L1": slower}


def lived(found: Drill, rules: Mapping[str, Rule] = RULES, seeds: Sequence[int] = (0,)) -> Drilled:
    outages = tuple(expand(found, seed) for seed in seeds)
    arms = {arm: _lines(arm, rule, found, outages, seeds) for arm, rule in rules.items()}
    return Drilled(found, outages, arms)


def crashed(found: Drilled, arm: str, error: str) -> Drilled:
    return Drilled(found.drill, found.outages, {**found.arms, arm: Lines(arm, f"sha256:{arm}", None, error=error)})


def _lines(arm: str, rule: Rule, found: Drill, outages: Sequence[Sequence[Outage]], seeds: Sequence[int]) -> Lines:
    every = [
        Lived(tuple(_answer(rule, each, seed, failing) for each in arrivals(found, (QUESTION,), failing, seed)))
        for seed, failing in zip(seeds, outages, strict=True)
    ]
    answers = tuple(answer for each in every for answer in each.answers)
    return Lines(arm, f"sha256:{arm}", figures(every, outages), answers)


def _answer(rule: Rule, each: Arrival, seed: int, outages: Sequence[Outage]) -> Answer:
    now = [outage for outage in outages if outage.start <= each.at < outage.end]
    failing = {rung for outage in now for rung in outage.rungs}
    since = each.at - max((outage.start for outage in now), default=0.0)
    rung, seconds, sick_calls = rule(since, failing)
    error = "" if rung else "ConnectError"
    return Answer(
        seed=seed,
        number=each.number,
        at=each.at,
        seconds=seconds,
        weight=each.weight,
        cluster=each.cluster,
        stratum=each.stratum,
        rung=rung,
        right=not error,
        error=error,
        calls=max(sick_calls, 1),
        sick="L0" in failing,
        sick_calls=sick_calls,
        cost_usd=0.0025 if rung in ("L0", "L1") else 0.0,
        late=seconds > LATE,
    )
