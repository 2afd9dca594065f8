"""The table of figures, column by column."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mooring.drill.measure import Figures
from mooring.report.drill.units import NONE, between, hours, length, number, percent, times


@dataclass(frozen=True)
class Column:
    """`head` and `unit` are its two lines of heading; `why` says what it measures."""

    head: str
    unit: str
    why: str
    cell: Callable[[Figures], str]

    @property
    def title(self) -> str:
        return f"{self.head} {self.unit}".strip()


def _percent(value: float | None) -> str:
    return NONE if value is None else percent(value)


def _mttr(place: int) -> Callable[[Figures], str]:
    return lambda figures: length(figures.mttr[place]) if figures.mttr else NONE


MTTR = "From the first failed answer of an incident until answers are right again, of incidents that users felt: "

COLUMNS: Mapping[str, Column] = {
    "available": Column(
        "available", "%", "Right answers in time from a model, L0 to L2.", lambda f: percent(f.availability.value)
    ),
    "interval": Column(
        "95 %", "interval", "Of availability, by a bootstrap over incidents.", lambda f: between(f.availability)
    ),
    "down": Column(
        "down", "h/year", "Hours a year without a right answer in time.", lambda f: hours(1 - f.availability.value)
    ),
    "L3": Column("L3", "%", "Answered by the prepared answer.", lambda f: percent(f.rungs["L3"])),
    "L4": Column("L4", "%", "Answered by the apology and a ticket.", lambda f: percent(f.rungs["L4"])),
    "mean": Column("mean", "s", "Seconds from the moment of asking.", lambda f: number(f.mean_seconds)),
    "p99": Column("P99", "s", "Of a hundred answers 99 came within so many seconds.", lambda f: number(f.p99_seconds)),
    "degraded": Column("degraded", "%", "Not answered by L0, the first model.", lambda f: percent(f.degraded.value)),
    "masked": Column("masked", "%", "Incidents in which no question failed.", lambda f: _percent(f.masked)),
    "p50": Column("MTTR", "p50", f"{MTTR}half of them are shorter.", _mttr(0)),
    "p95": Column("MTTR", "p95", f"{MTTR}95 of 100 are shorter.", _mttr(1)),
    "max": Column("MTTR", "max", f"{MTTR}the longest.", _mttr(2)),
    "calls": Column("calls", "each", "Model calls for one question.", lambda f: f"{f.calls:.2f}"),
    "cost": Column(
        "USD",
        "per 1k",
        "Cost of a thousand questions; arms without Mooring count none.",
        lambda f: f"{f.cost_usd * 1000:.2f}" if f.cost_usd else NONE,
    ),
    "amplification": Column(
        "to sick",
        "vendor",
        "Calls to the first vendor while it fails, for each it gets when it is well.",
        lambda f: times(f.amplification),
    ),
    "retries": Column(
        "retries", "well %", "Model calls that were tried again, and succeeded.", lambda f: _percent(f.retried_well)
    ),
}
"""By name, in the order in which they are shown."""
