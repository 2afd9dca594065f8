"""The part of the page about objectives: value, target, course and what is left of the error budget."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mooring.report.page.cells import BAD, GOOD, MARKS, UNKNOWN
from mooring.report.page.sparkline import Sparkline, sparkline
from mooring.report.page.words import Words

BUDGET_WIDTH = 160.0
"""Of the bar of a budget, in units of its view box."""

SCARCE = 0.25
"""A budget of which less than this share is left is told as a warning."""


@dataclass(frozen=True)
class Goal:
    """An objective as it is drawn. `budget` is None where it is not known; `filled` is the length of its bar."""

    name: str
    value: str
    target: str
    says: str
    tone: str
    budget: str
    filled: float | None
    scarce: bool
    spark: Sparkline | None
    course: str

    @property
    def mark(self) -> str:
        return MARKS[self.tone]


def goals(data: Mapping[str, Any], w: Words) -> tuple[Goal, ...]:
    """The objectives of an environment; none where it has none."""
    return tuple(_goal(w, one) for one in data.get("objectives") or ())


def _goal(w: Words, one: Mapping[str, Any]) -> Goal:
    budget = one.get("budget")
    spark = sparkline(one.get("sparkline") or (), one.get("target"))
    course = w("spark.none")
    if spark:
        ends = {name: amount(w, one, getattr(spark, name)) for name in ("low", "high", "last")}
        course = w("spark", n=spark.count, **ends)
    match one.get("holds"):
        case True:
            says, tone = "holds.yes", GOOD
        case False:
            says, tone = "holds.no", BAD
        case _:
            says, tone = "holds.unknown", UNKNOWN
    return Goal(
        name=one["name"],
        value=amount(w, one, one.get("value")),
        target=wanted(w, one),
        says=w(says),
        tone=tone,
        budget=_budget(w, one),
        filled=None if budget is None else round(BUDGET_WIDTH * min(max(budget, 0.0), 1.0), 1),
        scarce=budget is not None and budget < SCARCE,
        spark=spark,
        course=course,
    )


def _budget(w: Words, one: Mapping[str, Any]) -> str:
    """What is left of the bad events that may be; an average or a gauge has no such number."""
    if (budget := one.get("budget")) is not None:
        return w("budget", share=w.share(budget))
    return w("budget.unknown" if one.get("holds") is None else "budget.none")


def amount(w: Words, one: Mapping[str, Any], value: float | None) -> str:
    """A value of an objective in its unit: `share`, `s`, or none that is known."""
    if value is None:
        return w.unknown
    match one.get("unit"):
        case "share":
            return w.share(value)
        case "s":
            return w.duration(value)
    return w.number(value)


def wanted(w: Words, one: Mapping[str, Any]) -> str:
    """The target, with the side of it that is good where that is known: `≥ 99.5 %`."""
    sign = {True: "≥\u00a0", False: "≤\u00a0", None: ""}[one.get("at_least")]
    return f"{sign}{amount(w, one, one.get('target'))}"
