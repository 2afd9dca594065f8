"""Objectives for people: what is promised, what is measured, and what is left of each error budget."""

from typing import Any

from mooring.report.console import Console

COLUMNS = ("OBJECTIVE", "VALUE", "PROMISED", "HOLDS", "BUDGET LEFT", "EVENTS", "OVER")
STYLES = {True: "yes", False: "no", None: "unknown"}


def show(data: dict[str, Any], console: Console) -> None:
    """Prints a judgement."""
    for line in data["unanswered"]:
        console.line(line, "yellow")
    if not data["source"]:
        console.line(f"{data['environment']}: nothing is known", "red")
        return
    console.line(f"{data['environment']}, by {data['source']}", "bold")
    console.table(COLUMNS, [row(one) for one in data["objectives"]])
    missed = [one["name"] for one in data["objectives"] if one["holds"] is False]
    unknown = [one["name"] for one in data["objectives"] if one["holds"] is None]
    if missed:
        console.line(f"not kept: {', '.join(missed)}", "red")
    if unknown:
        console.line(f"too few events to say: {', '.join(unknown)}")


def row(one: dict[str, Any]) -> tuple[str, ...]:
    """One objective in a line."""
    side = ">=" if one["at_least"] else "<="
    budget = "" if one["budget"] is None else f"{one['budget']:.0%}"
    return (
        one["name"],
        "" if one["value"] is None else number(one["value"], one["unit"]),
        f"{side} {number(one['target'], one['unit'])}",
        STYLES[one["holds"]],
        budget,
        f"{one['events']:,.0f}",
        span(one["seconds"]),
    )


def number(value: float, unit: str) -> str:
    """Seconds with their unit, shares as percentages."""
    return f"{value:.3g} s" if unit == "s" else f"{100 * value:.4g} %"


def span(seconds: float) -> str:
    """A length of time in its largest unit: `30 d`, `12 min`."""
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} s"
