"""Diagnoses for people: what was found, why it matters and what to do, in the order in which it was looked at."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mooring.report.console import Console

if TYPE_CHECKING:
    from mooring.operate.doctor.diagnosis import Diagnosis
    from mooring.operate.repository.settings.all import Set

STYLES = {"ok": "green", "finding": "red", "unknown": "yellow"}
WIDTH = max(map(len, STYLES))


def show(diagnosis: "Diagnosis", console: Console) -> None:
    """`finding  machine    git is not installed: plans and reverts are made of commits` and the fix below."""
    why = f": {diagnosis.why}" if diagnosis.why else ""
    state = console.styled(diagnosis.state.ljust(WIDTH), STYLES[diagnosis.state])
    console.line(f"{state}  {diagnosis.area.ljust(11)}  {diagnosis.what}{why}")
    if diagnosis.fix:
        console.line(f"{' ' * WIDTH}  {' ' * 11}  fix: {diagnosis.fix}")


def summary(diagnoses: "Iterable[Diagnosis]") -> str:
    """`2 findings, 1 unknown, 20 ok`"""
    states = [one.state for one in diagnoses]
    findings, unknown, ok = (states.count(state) for state in ("finding", "unknown", "ok"))
    return f"{findings} finding{'s' * (findings != 1)}, {unknown} unknown, {ok} ok"


def show_set(done: "Iterable[Set]", console: Console) -> None:
    """What was set and what not."""
    for one in done:
        if one.failed:
            console.line(f"not set {one.setting.title}: {one.failed}{f'; {one.fix}' if one.fix else ''}", "red")
        else:
            console.line(f"set {one.setting.title}", "green")
