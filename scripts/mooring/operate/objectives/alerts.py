"""Alerts: on budgets that burn, on levels that are missed, and on an environment that is down or not seen at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from mooring.operate.objectives import recorded, signals
from mooring.operate.objectives.pace import Pace, Tier, duration
from mooring.operate.objectives.recorded import Names
from mooring.rollout.objectives.burn import BLIP, limit
from mooring.rollout.objectives.signals import Level, Share, budget_of, measure_of
from mooring.spec.objectives import Objective, Severity

DOWN, UNSEEN = "MooringDown", "MooringUnseen"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule. `wait` is how long it must be so, `calm` how long it goes on afterwards, in seconds."""

    name: str
    expr: str
    wait: int
    calm: int
    severity: Severity
    labels: dict[str, str] = field(default_factory=dict)
    summary: str = ""
    description: str = ""


def alerts(environment: str, objective: Objective, pace: Pace) -> list[Alert]:
    """All alerts on one objective."""
    measure, names = measure_of(objective), Names(environment, objective)
    if not isinstance(measure, Share):
        return [_missed(names, pace)]
    found = list(_burns(names, pace))
    if measure.up:
        found += _down(names, measure.up, pace)
    return found


def title(objective: Objective) -> str:
    """The name of an objective in the name of an alert."""
    return "".join(word.capitalize() for word in objective.name.split("-"))


def _burns(names: Names, pace: Pace) -> Iterator[Alert]:
    """One alert for the tiers that page, one for those that do not."""
    tiers, objective = pace.of(names.objective), names.objective
    for severity, how in (("page", "BurnsFast"), ("ticket", "Burns")):
        alike = [tier for tier in tiers if tier.severity == severity]
        if not alike:
            continue
        least = min(tier.factor for tier in alike)
        speed = f"at least {least:g} times as fast as it may" if least > 1 else "faster than it may"
        yield Alert(
            name=f"Mooring{title(objective)}{how}",
            expr="\nor\n".join(_burn(names, tier) for tier in alike),
            wait=0,
            calm=pace.calm,
            severity=alike[0].severity,
            labels=names.labels,
            summary=f"{names.environment}: the error budget of {objective.name} is spent {speed}",
            description=f"{{{{ $value | humanizePercentage }}}} is bad, of which {_budget(objective):.3g} may be over "
            f"{objective.window}. {_what_to_do(names.environment)}",
        )


def _burn(names: Names, tier: Tier) -> str:
    most = limit(_budget(names.objective), tier.factor)
    threshold = f"{most:g}"
    long, short = names.of(recorded.bad(tier.long)), names.of(recorded.bad(tier.short))
    counted = names.of(recorded.events(tier.long))
    lines = (
        f"  {long} > {threshold}",
        f"  and {short} > {threshold}",
        f"  and {names.enough(tier.long, most)}",
        f"  and {long} * {counted} > {BLIP - 0.5:g}",  # increases are extrapolated, so they are not whole
    )
    return "(\n" + "\n".join(lines) + "\n)"


def _missed(names: Names, pace: Pace) -> Alert:
    objective, environment = names.objective, names.environment
    length, target = objective.seconds, f"{objective.target:g}"
    lines = [f"{names.of(recorded.value(each))} > {target}" for each in (length, pace.within(length))]
    if not isinstance(measure_of(objective), Level):
        lines.append(names.enough(length))
    human = "humanizeDuration" if objective.signal in ("mean-seconds", "p99-seconds") else "humanizePercentage"
    most = f"{target} s" if human == "humanizeDuration" else target
    return Alert(
        name=f"Mooring{title(objective)}Missed",
        expr="\nand ".join(lines),
        wait=pace.wait,
        calm=pace.calm,
        severity=objective.severity,
        labels=names.labels,
        summary=f"{environment}: {objective.name} is above {most}",
        description=f"{{{{ $value | {human} }}}} over {duration(length)}, where {most} is promised. "
        f"{_what_to_do(environment)}",
    )


def _down(names: Names, gauge: str, pace: Pace) -> Iterator[Alert]:
    """At once, and not when the budget of a month burns: nobody is served."""
    environment, severity = names.environment, names.objective.severity
    up = signals.selector(environment, gauge)
    yield Alert(
        DOWN,
        f"max({up}) == 0",
        pace.down,
        pace.calm,
        severity,
        names.labels,
        f"{environment} takes no requests",
        f"No slot is ready and accepts. moor status {environment} says why; moor up {environment} starts it.",
    )
    yield Alert(
        UNSEEN,
        f"absent({up})",
        pace.down + pace.wait,
        pace.calm,
        severity,
        names.labels,
        f"{environment} is not seen by Prometheus",
        f'Nothing is scraped with the label {signals.LABEL}="{environment}": its monitor does not run, or the '
        "scrape does not add that label.",
    )


def _budget(objective: Objective) -> float:
    return budget_of(objective) or 0.0


def _what_to_do(environment: str) -> str:
    return f"moor objectives check {environment} has the numbers, moor status {environment} what runs."
