"""Everything that is found out about each rate."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from mooring.drill.scale.assumptions import Assumptions
from mooring.drill.scale.breaking import Growth, grow, surge
from mooring.drill.scale.cell import Cell, cell
from mooring.drill.scale.figures import Figures
from mooring.drill.scale.limits import Limit, limits
from mooring.drill.scale.plan import Plan, plan

RATES = (100, 10_000, 1_000_000)
"""Requests a minute."""


@dataclass(frozen=True)
class Scaled:
    """One rate: what it needs, where its parts end, and what a simulation of `cell` saw.

    `growth` is with pods that are added in time, `beyond` with as much quota as is wanted too, and `surge` with a jump
    of load and pods that come after it.
    """

    plan: Plan
    limits: tuple[Limit, ...]
    cell: Cell
    growth: Growth
    beyond: Growth
    surge: Growth

    @property
    def first(self) -> Limit:
        """The part that ends first, if pods are added."""
        return next(limit for limit in self.limits if limit.grows)

    def data(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "plan": self.plan.data(),
            "limits": [limit.data() for limit in self.limits],
            "first": self.first.part,
            "simulated": {
                "share": self.cell.share,
                "pods": self.cell.pods,
                "growth": self.growth.data(),
                "beyond": self.beyond.data(),
                "surge": self.surge.data(),
            },
        }


def scale(
    rates: Iterable[float], figures: Figures, given: Assumptions, seed: int, tell: Callable[[str], None]
) -> list[Scaled]:
    """For each rate, in requests a minute; `tell` is called with what is looked at next."""
    return [_scaled(rate, figures, given, seed, tell) for rate in rates]


def _scaled(rate: float, figures: Figures, given: Assumptions, seed: int, tell: Callable[[str], None]) -> Scaled:
    tell(f"{rate:,.0f} requests a minute")
    found = plan(rate, figures, given)
    small = cell(found, figures, given)
    parts, unlimited = tuple(limits(found, figures, given)), small.unlimited
    return Scaled(
        found, parts, small, grow(small, given, seed), grow(unlimited, given, seed), surge(unlimited, given, seed)
    )
