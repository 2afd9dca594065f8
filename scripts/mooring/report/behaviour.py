"""Drift of behaviour for people: then and now, the cases that fell, and who answered."""

from collections.abc import Iterator
from typing import Any

from mooring.report.console import Console

COLUMNS = ("", "THEN", "NOW")


def show(data: dict[str, Any], console: Console) -> None:
    """Prints a look at behaviour."""
    console.line(headline(data), "red" if data["drifted"] else "bold")
    console.table(COLUMNS, rows(data["then"], data["now"]))
    for line in lines(data):
        console.line(line)


def headline(data: dict[str, Any]) -> str:
    """`local: answers are worse than on 2026-03-01T10:00:00+00:00, with the same configuration`"""
    since = f"than on {data['since']}, with the same configuration"
    if data["drifted"]:
        return f"{data['environment']}: answers are worse {since}"
    if data["verdict"]["outcome"] == "pass":
        return f"{data['environment']}: answers are no worse {since}"
    return f"{data['environment']}: it cannot be told whether answers are worse {since}"


def rows(then: dict[str, Any], now: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Pass rate, refusals, cost and latency, then and now."""
    return [
        ("trials", str(then["trials"]), str(now["trials"])),
        ("passed", f"{then['pass_rate']:.1%}", f"{now['pass_rate']:.1%}"),
        ("refused", f"{then['refusals']:.1%}", f"{now['refusals']:.1%}"),
        ("USD each", f"{then['cost_usd']:.4f}", f"{now['cost_usd']:.4f}"),
        ("seconds", _seconds(then), _seconds(now)),
    ]


def _seconds(figures: dict[str, Any]) -> str:
    return "" if figures["latency_seconds"] is None else f"{figures['latency_seconds']:.2f}"


def lines(data: dict[str, Any]) -> Iterator[str]:
    """The verdict, the cases, and what the providers called their models."""
    yield from data["verdict"]["lines"]
    if data["refuses_more"]:
        yield "more answers refuse than chance allows"
    if data["slower"]:
        yield "answers take more than twice as long"
    for case in data["worse"]:
        yield f"worse: {case}"
    then, now = (", ".join(data["models"][side]) or "no model" for side in ("then", "now"))
    yield f"answered by {now}" if then == now else f"answered then by {then}, now by {now}"
    if data["services"]:
        yield f"tools called {', '.join(data['services'])} for real, which the evidence did not"
    if not data["complete"]:
        yield "the budget ended before every question was asked"
