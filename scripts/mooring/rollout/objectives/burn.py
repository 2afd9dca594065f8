"""How fast an error budget may burn: the thresholds of alerts, and of the bake of a new release.

Source: Site Reliability Workbook, chapter 5, "Alerting on SLOs": 14.4 times as fast as allowed spends 2 % of a month's
budget in an hour.
"""

from dataclasses import dataclass

from mooring.rollout.objectives.measure import Measured, above, counts, events_of, measured
from mooring.rollout.objectives.signals import Quantile, Share, budget_of, measure_of
from mooring.rollout.objectives.window import Window
from mooring.spec import Objectives
from mooring.spec.objectives import Objective

FAST = 14.4
"""Times as fast as the budget allows; whoever burns it so is stopped."""

MOST = 0.8
"""Of all events: a large budget cannot burn 14.4 times as fast, so it burns fast from here on."""

BAKED = ("uptime", "p99-seconds", "degradation")
"""Signals that a new release is judged by within seconds; the others need more time than that, or more events."""

SHARED = ("p99-seconds", "degradation")
"""Those of them that a vendor may burn, of every release that asks it: then the old release tells whose fault it is."""

BLIP = 2
"""Bad events below which nothing burns: a single one is no trend, of however few."""


def limit(budget: float, factor: float) -> float:
    """The share of bad events at which a budget burns `factor` times as fast as it may, as far as that can be."""
    return round(min(budget * factor, max(MOST, budget)), 6)


@dataclass(frozen=True, slots=True)
class Burn:
    """A budget that burns, and a line with the numbers."""

    objective: Objective
    line: str


def burning(objectives: Objectives, window: Window) -> list[Burn]:
    """Each objective whose budget burns in the window, among those that a bake can judge."""
    return [
        Burn(objective, line)
        for objective in objectives.objectives
        if objective.signal in BAKED and (line := burns(objective, window))
    ]


def burns(objective: Objective, window: Window) -> str:
    """How the budget of an objective burns; "" where it does not, or where too little happened to say."""
    found, budget = measured(objective, window), budget_of(objective)
    if found.events < objective.min_events or budget is None:
        return ""
    bad = _bad(objective, found, window)
    share = bad / found.events
    if bad < BLIP or share < limit(budget, FAST):
        return ""
    return (
        f"{objective.name}: {bad:.0f} of {found.events:.0f} {_what(objective)}, where {budget:.3g} may be: "
        f"its budget burns {share / budget:.0f} times as fast as it may"
    )


def _bad(objective: Objective, found: Measured, window: Window) -> float:
    """Bad events: those that a share counts, or those beyond the threshold of a quantile."""
    match measure_of(objective):
        case Share(bad=bad):
            return events_of(bad, window)
        case Quantile(histogram=histogram):
            return above(objective.target, counts(histogram, window)) * found.events
    return 0.0


def _what(objective: Objective) -> str:
    match objective.signal:
        case "uptime":
            return "requests failed"
        case "degradation":
            return "runs were not answered by the first rung"
    return f"took longer than {objective.target:g} s"
