"""Drills for the terminal: figures by arm, what policies buy, and last the verdict; at most 80 characters a line."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence

from mooring.change.wording import clip, plain
from mooring.drill.run import Drilled
from mooring.drill.verdict import Judgement
from mooring.report.drill import units, wording
from mooring.report.drill.columns import COLUMNS
from mooring.report.drill.values import Arm, Bought, Report, Trace

WIDTH = 80

ANSWERS = ("available", "interval", "down", "L3", "L4", "mean", "p99")
RECOVERY = ("degraded", "masked", "p50", "p95", "max", "calls", "cost", "amplification")
COMPACT = ("available", "interval", "L3", "L4", "p99", "p95", "amplification")

MARKS = {"pass": "+ ", "fail": "- ", "inconclusive": "~ "}


def drill_text(drilled: Mapping[str, Drilled], judgement: Judgement, changed: Sequence[str] = ()) -> str:
    """Lines that begin with `-` where something is lost, as `Console.diff` colors them; ends with a newline."""
    return text(Report.of(drilled, judgement, changed))


def text(report: Report) -> str:
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield from _wrapped(wording.title(report))
    whole, short = _sorted(report)
    for trace in whole:
        yield ""
        if len(report.traces) > 1:
            yield from _wrapped(wording.trace(trace))
        yield from _whole(trace)
    if short:
        yield ""
        yield from _compact(short)
    yield ""
    yield from _wrapped("; ".join(wording.GLOSSARY))
    for note in wording.notes(report):
        yield from _wrapped(note)
    yield ""
    yield from _verdict(report)


def _sorted(report: Report) -> tuple[list[Trace], list[Trace]]:
    """Drills with tables of their own, and those that share one: several that stand for less than a year."""
    short = [trace for trace in report.traces if not trace.year]
    return ([trace for trace in report.traces if trace.year], short) if len(short) > 1 else (list(report.traces), [])


def _whole(trace: Trace) -> Iterator[str]:
    told = [arm for arm in trace.compared if arm.figures]
    if not told:
        yield "no arm has figures"
        return
    yield from _table(told, [name for name in ANSWERS if trace.year or not COLUMNS[name].yearly])
    yield ""
    yield from _table(told, RECOVERY)
    if trace.bought:
        yield ""
        yield from _policies(trace.bought)


def _compact(traces: Sequence[Trace]) -> Iterator[str]:
    """One table with a line for each drill and arm."""
    arms = [(trace, arm) for trace in traces for arm in trace.compared if arm.figures]
    rows = _cells([arm for _, arm in arms], COMPACT)
    lines = _aligned([*rows[:2], *(["  " + row[0], *row[1:]] for row in rows[2:])])
    yield from lines[:2]
    last = None
    for (trace, _), line in zip(arms, lines[2:], strict=True):
        if trace is not last:
            yield from _wrapped(f"{trace.name}, {trace.hours:g} h: {wording.incidents(trace)}")
        yield line
        last = trace
    for trace in traces:
        if bought := [one for one in trace.bought if one.tells]:
            yield ""
            yield from _policies(bought, f" in {trace.name}")


def _table(arms: Sequence[Arm], columns: Sequence[str]) -> list[str]:
    return _aligned(_cells(arms, columns))


def _cells(arms: Sequence[Arm], columns: Sequence[str]) -> list[list[str]]:
    chosen = [COLUMNS[name] for name in columns]
    heads = [["", *(column.head for column in chosen)], ["arm", *(column.unit for column in chosen)]]
    return [*heads, *([arm.name, *(column.cell(arm.figures) for column in chosen)] for arm in arms if arm.figures)]


def _policies(bought: Sequence[Bought], where: str = "") -> Iterator[str]:
    yield from _wrapped(f"What each policy buys{where}, in points of all questions, with 95 % intervals:")
    heads = [["", "available", "answered by L0", "P99", "to sick"], ["policy", "", "", "s", "vendor"]]
    rows = [
        [
            one.policy,
            units.gained(one.availability),
            units.gained(one.first),
            f"{one.p99_seconds[0] - one.p99_seconds[1]:+.1f}",
            _less(*one.amplification),
        ]
        for one in bought
    ]
    yield from _aligned([*heads, *rows])


def _less(head: float | None, without: float | None) -> str:
    return units.NONE if head is None or without is None else f"{head - without:+.2f}"


def _verdict(report: Report) -> Iterator[str]:
    judgement = report.judgement
    yield MARKS[judgement.outcome] + wording.verdict(report)
    for sentence in wording.reasons(report):
        yield from _wrapped(sentence, MARKS["fail"])
    for sentence in wording.worth(report):
        yield from _wrapped(sentence, "  ")
    if report.changed:
        yield "what the change does to policies:"
        for change in report.changed:
            yield from _wrapped(clip(change, wording.LONGEST), "~ ")


def _wrapped(sentence: str, mark: str = "") -> list[str]:
    """Lines of at most WIDTH; the following ones are indented."""
    return textwrap.wrap(plain(sentence), WIDTH, initial_indent=mark, subsequent_indent="  ", break_on_hyphens=False)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        ).rstrip()
        for row in rows
    ]
