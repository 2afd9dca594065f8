"""Drift for people: what differs, which side moved, who moved it and what is done about it."""

from collections.abc import Iterator
from typing import Any

from mooring.change.wording import show as show_value
from mooring.report.console import Console
from mooring.report.receipt import short
from mooring.timestamps import ago

WIDTH = 40
"""Characters of a value in the table; the data has it whole."""

COLUMNS = ("MOVED", "FIELD", "OLD", "NEW", "SINCE", "WHO", "ANSWER")


def show(data: dict[str, Any], console: Console, now: float) -> None:
    """Prints a report."""
    console.line(headline(data), "bold")
    console.line(f"  git       {short(data['git'])}  {data['ref']}, {data['commit'][:12]}")
    console.line(f"  deployed  {short(data['deployed']) or 'nothing'}")
    if data["unknown"]:
        console.line(f"unknown what runs: {data['unknown']}", "red")
    if data["differences"]:
        console.table(COLUMNS, [row(one, now) for one in data["differences"]])
        for line in meanings(data):
            console.line(line)


def headline(data: dict[str, Any]) -> str:
    """`local: 1 changed in place, 2 behind`, or that nothing differs."""
    if data["in_sync"]:
        return f"{data['environment']}: in sync with {data['ref']}"
    moved = [one["moved"] for one in data["differences"]]
    parts = [f"{moved.count(kind)} {kind}" for kind in dict.fromkeys(moved)]
    return f"{data['environment']}: {', '.join(parts) or 'unknown'}"


def row(one: dict[str, Any], now: float) -> tuple[str, ...]:
    """One difference in a line; the whole values are in the data."""
    change = one["change"]
    old, new = (show_value(change["before"], WIDTH), show_value(change["after"], WIDTH)) if change else ("", "")
    since = ago(one["since"], now) if one["since"] is not None else "now"
    return one["moved"], one["field"], old, new, since, one["who"], answer(one["answer"])


def answer(said: dict[str, Any]) -> str:
    """`tolerate until 2030-01-31, @acme/desk`"""
    if said["what"] != "tolerate":
        return str(said["what"])
    return f"tolerate until {said['until'][:10]}, {said['owner']}"


def meanings(data: dict[str, Any]) -> Iterator[str]:
    """What each difference means, as a plan says it."""
    for one in data["differences"]:
        risk = f"  [{one['change']['code']}, risk {one['change']['risk']}]" if one["change"] else ""
        yield f"{one['text']}{risk}"
