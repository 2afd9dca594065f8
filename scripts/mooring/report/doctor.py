"""Diagnoses for people: what was found, why it matters and what to do, in the order in which it was looked at."""

from collections.abc import Iterable, Mapping
from typing import Any

from mooring.report.console import Console

STYLES = {"ok": "green", "finding": "red", "unknown": "yellow"}
WIDTH = max(map(len, STYLES))
AREA = len("environment")


def show(diagnosis: Mapping[str, Any], console: Console) -> None:
    """`finding  machine      git is not installed: plans and reverts are made of commits`, and the fix below."""
    why = f": {diagnosis['why']}" if diagnosis["why"] else ""
    state = console.styled(diagnosis["state"].ljust(WIDTH), STYLES[diagnosis["state"]])
    console.line(f"{state}  {diagnosis['area'].ljust(AREA)}  {diagnosis['what']}{why}")
    if diagnosis["fix"]:
        console.line(f"{' ' * (WIDTH + AREA + 4)}fix: {diagnosis['fix']}")


def summary(diagnoses: Iterable[Mapping[str, Any]]) -> str:
    """`2 findings, 1 unknown, 20 ok`"""
    states = [one["state"] for one in diagnoses]
    findings, unknown, ok = (states.count(state) for state in ("finding", "unknown", "ok"))
    return f"{findings} finding{'s' * (findings != 1)}, {unknown} unknown, {ok} ok"


def show_set(setting: str, failed: str, fix: str, console: Console) -> None:
    """That a setting was set, or why it was not."""
    if failed:
        console.line(f"not set {setting}: {failed}{f'; {fix}' if fix else ''}", "red")
    else:
        console.line(f"set {setting}", "green")
